/// What `NetworkDrawing` draws: sites with hosts, links between sites, and trees of data on top. Plain texts; the
/// drawing escapes them.
public struct NetworkPicture: Sendable, Equatable {
    /// A host, with figures for the line below its name.
    public struct Host: Sendable, Equatable {
        /// Its name, unique in the picture.
        public var name: String
        /// What stands below the name; may be empty.
        public var figures: String
        /// True for a host that has the data.
        public var isSource: Bool

        /// A host made of its parts.
        public init(_ name: String, figures: String = "", isSource: Bool = false) {
            self.name = name
            self.figures = figures
            self.isSource = isSource
        }
    }

    /// A box of hosts.
    public struct Site: Sendable, Equatable {
        /// Its title.
        public var title: String
        /// Its hosts.
        public var hosts: [Host]
        /// False for hosts that no site was declared for.
        public var isDeclared: Bool

        /// A site made of its parts.
        public init(_ title: String, hosts: [Host], isDeclared: Bool = true) {
            self.title = title
            self.hosts = hosts
            self.isDeclared = isDeclared
        }
    }

    /// A line between two sites.
    public struct Link: Sendable, Equatable {
        /// One site's place in `sites`.
        public var first: Int
        /// The other's.
        public var second: Int
        /// What stands on the line.
        public var label: [String]

        /// A link made of its parts.
        public init(_ first: Int, _ second: Int, label: [String]) {
            self.first = first
            self.second = second
            self.label = label
        }
    }

    /// A tree of arrows between hosts.
    public struct Flow: Sendable, Equatable {
        /// What the legend says.
        public var legend: String
        /// Its part of the data, 0 to 1: the wider the line.
        public var share: Double
        /// Arrows, by the hosts' names.
        public var arrows: [(from: String, to: String)]

        /// A flow made of its parts.
        public init(legend: String, share: Double, arrows: [(from: String, to: String)]) {
            self.legend = legend
            self.share = share
            self.arrows = arrows
        }

        /// True when legend, share and arrows are the same.
        public static func == (left: Flow, right: Flow) -> Bool {
            left.legend == right.legend && left.share == right.share
                && left.arrows.elementsEqual(right.arrows) { $0 == $1 }
        }
    }

    /// The heading.
    public var title: String
    /// Lines below the heading.
    public var notes: [String]
    /// Where hosts are.
    public var sites: [Site]
    /// What joins sites.
    public var links: [Link]
    /// What moves.
    public var flows: [Flow]

    /// A picture made of its parts.
    public init(title: String, notes: [String], sites: [Site], links: [Link], flows: [Flow] = []) {
        self.title = title
        self.notes = notes
        self.sites = sites
        self.links = links
        self.flows = flows
    }
}
