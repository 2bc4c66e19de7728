/// New overlays for some disks of a running domain: it goes on with them, and their images are only read from then on. libvirt
/// takes it as the XML of a snapshot.
public struct OverlayRequest: Sendable, Equatable {
    /// The overlay of each disk, a path on the host, by the guest's name of the disk.
    public var overlays: [String: String]
    /// The other disks of the domain.
    public var others: [String]

    /// A request made of its parts.
    public init(overlays: [String: String], others: [String] = []) {
        self.overlays = overlays
        self.others = others
    }

    /// As libvirt takes it.
    public var xml: String {
        get throws(DomainXMLError) {
            let tree = try XMLTree(parsing: "<domainsnapshot/>")
            let list = try tree.root.add("disks")
            for (target, path) in overlays.sorted(by: { $0.key < $1.key }) {
                let element = try list.add("disk")
                try element.set("name", to: target)
                try element.set("snapshot", to: "external")
                try element.add("driver").set("type", to: "qcow2")
                try element.add("source").set("file", to: path)
            }
            for target in others.sorted() {
                let element = try list.add("disk")
                try element.set("name", to: target)
                try element.set("snapshot", to: "no")
            }
            return try tree.serialized()
        }
    }
}
