/// Where everything of a picture stands, in pixels.
struct NetworkLayout {
    /// A host's chip.
    static let hostHeight = 38.0
    static let hostGap = 14.0
    /// Around the hosts of a site, and above them for its title.
    static let padding = 22.0
    static let titleHeight = 26.0
    static let margin = 28.0
    static let lineHeight = 18.0
    static let labelLine = 15.0
    /// The most columns of text that a host's or a site's name is given; the whole name is in the element's title.
    static let mostColumns = 30

    let picture: NetworkPicture
    /// All hosts are as wide as the widest.
    private let hostWidth: Double
    var hosts: [String: Box] = [:]
    var hostSites: [String: Int] = [:]
    var sites: [Box] = []
    /// The middle of each site's hosts.
    var middles: [Point] = []
    var labels: [(center: Point, width: Double, height: Double)] = []
    var links: [Curve] = []
    var width = 0.0
    var height = 0.0
    var legendTop = 0.0

    init(_ picture: NetworkPicture) {
        self.picture = picture
        hostWidth = Self.hostWidth(picture)
        let rings = picture.sites.map(ring)
        let sizes = zip(picture.sites, rings).map { size(of: $0, with: $1) }
        let grid = SiteGrid(count: picture.sites.count, links: picture.links.map { ($0.first, $0.second) })
        place(sizes, grid)
        for (site, places) in rings.enumerated() {
            // An ellipse of an odd number of hosts reaches farther up than down.
            let lean = ((places.map(\.y).max() ?? 0) + (places.map(\.y).min() ?? 0)) / 2
            let center = Point(x: sites[site].center.x, y: sites[site].center.y + Self.titleHeight / 2 - lean)
            middles.append(center)
            for (host, place) in zip(picture.sites[site].hosts, places) {
                hosts[host.name] = Box(center: center + place, width: hostWidth, height: Self.hostHeight)
                hostSites[host.name] = site
            }
        }
        for link in picture.links { join(link) }
        frame()
    }

    /// Pixels of a text in the picture's font, which may be as wide as DejaVu Sans.
    static func textWidth(_ text: String, size: Double) -> Double { Double(DisplayWidth.of(text)) * size * 0.62 }

    static func shortened(_ name: String) -> String { DisplayWidth.truncate(name, to: mostColumns) }

    private static func hostWidth(_ picture: NetworkPicture) -> Double {
        let hosts = picture.sites.flatMap(\.hosts)
        let names = hosts.map { textWidth(shortened($0.name), size: 13) }
        let figures = hosts.map { textWidth($0.figures, size: 11) }
        return max(72, (names + figures).max() ?? 0) + 16
    }

    private func ring(_ site: NetworkPicture.Site) -> [Point] {
        let (count, gap) = (site.hosts.count, Self.hostGap)
        return picture.flows.isEmpty
            ? HostRing.rows(count, width: hostWidth, height: Self.hostHeight, gap: gap)
            : HostRing.ellipse(count, width: hostWidth, height: Self.hostHeight, gap: gap)
    }

    private func size(of site: NetworkPicture.Site, with ring: [Point]) -> (width: Double, height: Double) {
        let wide = (ring.map { abs($0.x) }.max() ?? 0) * 2 + hostWidth
        let high = ((ring.map(\.y).max() ?? 0) - (ring.map(\.y).min() ?? 0)) + Self.hostHeight
        let title = Self.textWidth(Self.shortened(site.title), size: 15)
        return (max(wide, title) + 2 * Self.padding, high + 2 * Self.padding + Self.titleHeight)
    }

    /// Columns as wide and rows as high as the largest site in them, with room for links' labels between.
    private mutating func place(_ sizes: [(width: Double, height: Double)], _ grid: SiteGrid) {
        let columns = (grid.cells.map(\.column).max() ?? 0) + 1
        let rows = (grid.cells.map(\.row).max() ?? 0) + 1
        var widths = [Double](repeating: 0, count: columns)
        var heights = [Double](repeating: 0, count: rows)
        for (size, cell) in zip(sizes, grid.cells) {
            widths[cell.column] = max(widths[cell.column], size.width)
            heights[cell.row] = max(heights[cell.row], size.height)
        }
        let labels = picture.links.map { Self.labelSize($0.label) }
        let across = max(70, (labels.map(\.width).max() ?? 0) + 36)
        let down = max(60, (labels.map(\.height).max() ?? 0) + 36)
        let top = Self.margin + Double(picture.notes.count) * Self.lineHeight + 40
        func middle(_ sizes: [Double], _ place: Int, gap: Double, from start: Double) -> Double {
            start + sizes[..<place].reduce(0) { $0 + $1 + gap } + sizes[place] / 2
        }
        sites = zip(sizes, grid.cells).map { size, cell in
            Box(
                center: Point(
                    x: middle(widths, cell.column, gap: across, from: Self.margin),
                    y: middle(heights, cell.row, gap: down, from: top)), width: size.width, height: size.height)
        }
    }

    static func labelSize(_ lines: [String]) -> (width: Double, height: Double) {
        ((lines.map { textWidth($0, size: 12) }.max() ?? 0) + 12, Double(lines.count) * labelLine + 6)
    }

    /// A line from border to border, bent as far as it takes to pass by other sites.
    private mutating func join(_ link: NetworkPicture.Link) {
        let (one, other) = (sites[link.first], sites[link.second])
        let middle = one.center.between(other.center)
        let way = other.center - one.center
        let across = Point(x: -way.y, y: way.x) * (1 / max(1, way.length))
        let obstacles = sites.indices.filter { $0 != link.first && $0 != link.second }.map { sites[$0] }
        let (start, end) = (one.border(towards: other.center), other.border(towards: one.center))
        var best = Curve(start: start, control: start.between(end), end: end)
        for bend in [0.0, 0.6, -0.6, 1.0, -1.0, 1.6, -1.6] {
            let control = middle + across * (bend * max(one.height, one.width, 200))
            let curve =
                bend == 0
                ? best
                : Curve(start: one.border(towards: control), control: control, end: other.border(towards: control))
            let isFree = (0...20).allSatisfy { step in
                let point = curve.point(at: Double(step) / 20)
                return !obstacles.contains { $0.contains(point) }
            }
            if isFree {
                best = curve
                break
            }
        }
        links.append(best)
        let size = Self.labelSize(link.label)
        labels.append((best.point(at: 0.5), size.width, size.height))
    }

    /// The picture's size: all of the above with the legend below it.
    private mutating func frame() {
        let texts =
            [Self.textWidth(picture.title, size: 20)] + picture.notes.map { Self.textWidth($0, size: 13) }
            + picture.flows.map { Self.textWidth($0.legend, size: 13) + 70 }
        let curves = links.flatMap { link in (0...10).map { link.point(at: Double($0) / 10) } }
        let right = (sites.map(\.right) + labels.map { $0.center.x + $0.width / 2 } + curves.map(\.x)).max() ?? 0
        let bottom = (sites.map(\.bottom) + labels.map { $0.center.y + $0.height / 2 } + curves.map(\.y)).max() ?? 0
        width = max(right, Self.margin + (texts.max() ?? 0)) + Self.margin
        legendTop = bottom + Self.margin
        height = legendTop + Double(picture.flows.count) * Self.lineHeight + (picture.flows.isEmpty ? 0 : 8)
    }
}
