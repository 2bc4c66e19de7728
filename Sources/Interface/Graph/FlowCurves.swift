/// Ways of arrows from host to host.
struct FlowCurves {
    /// How far two flows between the same hosts are kept apart, in pixels.
    private static let distance = 16.0
    /// With more hosts arrows aren't led around those between.
    private static let mostObstacles = 256

    private let layout: NetworkLayout
    private let obstacles: [String: Box]
    /// What arrows don't leave: the sites and a little around them.
    private let frame: Box

    init(_ layout: NetworkLayout) {
        self.layout = layout
        let (left, right) = (layout.sites.map(\.left).min() ?? 0, layout.sites.map(\.right).max() ?? 0)
        let (top, bottom) = (layout.sites.map(\.top).min() ?? 0, layout.sites.map(\.bottom).max() ?? 0)
        frame = Box(
            center: Point(x: (left + right) / 2, y: (top + bottom) / 2),
            width: right - left + NetworkLayout.margin, height: bottom - top + NetworkLayout.margin)
        obstacles = layout.hosts.count <= Self.mostObstacles ? layout.hosts : [:]
    }

    /// From the border of one host to that of another; nil if the picture lacks one of them. Within a site it bends
    /// towards the site's middle, where no host is; between sites it bends around hosts. Flows bend differently, so
    /// that they don't cover each other.
    func curve(from: String, to: String, flow: Int) -> Curve? {
        guard let one = layout.hosts[from], let other = layout.hosts[to], let site = layout.hostSites[from] else {
            return nil
        }
        let middle = one.center.between(other.center)
        let way = other.center - one.center
        let across = Point(x: -way.y, y: way.x) * (1 / max(1, way.length))
        let flows = layout.picture.flows.count
        let shift = across * ((Double(flow) - Double(flows - 1) / 2) * Self.distance)
        func curve(by control: Point) -> Curve {
            Curve(start: one.border(towards: control), control: control, end: other.border(towards: control))
        }
        guard site != layout.hostSites[to] else {
            let isRing = layout.picture.sites[site].hosts.count > 2
            return curve(by: (isRing ? middle.between(layout.middles[site], 0.35) : middle) + shift)
        }
        let between = obstacles.filter { $0.key != from && $0.key != to }.values
        var best = (curve: curve(by: middle + shift), hits: Int.max)
        for bend in [0.0, 50, -50, 100, -100, 170, -170, 260, -260] {
            let candidate = curve(by: middle + shift + across * bend)
            let points = (1..<48).map { candidate.point(at: Double($0) / 48) }
            let hits = points.count { point in
                !frame.contains(point) || between.contains { $0.contains(point) }
            }
            if hits < best.hits { best = (candidate, hits) }
            if hits == 0 { break }
        }
        return best.curve
    }
}
