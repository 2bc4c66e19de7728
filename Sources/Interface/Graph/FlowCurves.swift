/// Ways of arrows from host to host.
struct FlowCurves {
    private let layout: NetworkLayout

    init(_ layout: NetworkLayout) { self.layout = layout }

    /// From the border of one host to that of another; nil if the picture lacks one of them. Within a site it bends
    /// towards the site's middle, where no host is; flows bend differently, so that they don't cover each other.
    func curve(from: String, to: String, flow: Int) -> Curve? {
        guard let one = layout.hosts[from], let other = layout.hosts[to], let site = layout.hostSites[from] else {
            return nil
        }
        let middle = one.center.between(other.center)
        let way = other.center - one.center
        let across = Point(x: -way.y, y: way.x) * (1 / max(1, way.length))
        let shift = Double(flow % 8) * 9 * (flow % 2 == 0 ? 1 : -1)
        var control = middle + across * shift
        if site == layout.hostSites[to], layout.picture.sites[site].hosts.count > 2 {
            let box = layout.sites[site]
            let center = Point(x: box.center.x, y: box.center.y + NetworkLayout.titleHeight / 2)
            control = control.between(center, 0.35)
        }
        return Curve(start: one.border(towards: control), control: control, end: other.border(towards: control))
    }
}
