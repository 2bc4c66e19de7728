/// Draws a network as an SVG document: boxes with hosts, the links between them, and arrows for what moves. The same
/// picture is the same text everywhere. Needs no fonts or scripts of its own, and has colours for light and dark
/// surroundings.
public struct NetworkDrawing {
    private let picture: NetworkPicture
    private let layout: NetworkLayout
    private var writer = SVGWriter()

    /// The document, ended with a newline.
    public static func svg(_ picture: NetworkPicture) -> String {
        var drawing = NetworkDrawing(picture: picture, layout: NetworkLayout(picture))
        return drawing.document()
    }

    private init(picture: NetworkPicture, layout: NetworkLayout) {
        self.picture = picture
        self.layout = layout
    }

    private mutating func document() -> String {
        let (width, height) = (coordinate(layout.width.rounded(.up)), coordinate(layout.height.rounded(.up)))
        writer.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        writer.begin(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("width", width), ("height", height),
                ("viewBox", "0 0 \(width) \(height)"), ("role", "img"), ("aria-labelledby", "title description"),
            ])
        writer.element("title", [("id", "title")], picture.title)
        writer.element("desc", [("id", "description")], description)
        GraphStyle.write(flows: picture.flows.count, to: &writer)
        writer.element("rect", [("class", "paper"), ("width", "100%"), ("height", "100%")])
        heading()
        for (link, curve) in zip(picture.links, layout.links) { draw(link, curve) }
        for (site, box) in zip(picture.sites, layout.sites) { draw(site, box) }
        for (place, flow) in picture.flows.enumerated() { draw(flow, place) }
        for site in picture.sites { site.hosts.forEach { draw($0) } }
        for (link, label) in zip(picture.links, layout.labels) where !link.label.isEmpty {
            draw(link.label, at: label)
        }
        for (place, flow) in picture.flows.enumerated() { legend(flow, place) }
        writer.end()
        return writer.text
    }

    /// What the picture shows, for those who can't see it.
    private var description: String {
        let sites = picture.sites.map { site in
            "\(site.title): " + (site.hosts.isEmpty ? "no hosts" : site.hosts.map(\.name).joined(separator: ", "))
        }
        let links = picture.links.map { link in
            let names = "\(picture.sites[link.first].title) to \(picture.sites[link.second].title)"
            return ([names] + link.label).joined(separator: ", ")
        }
        return (picture.notes + sites + links + picture.flows.map(\.legend)).map { $0 + "." }.joined(separator: " ")
    }

    private mutating func heading() {
        let left = coordinate(NetworkLayout.margin)
        writer.element("text", [("class", "heading"), ("x", left), ("y", "36")], picture.title)
        for (place, note) in picture.notes.enumerated() {
            let y = coordinate(58 + Double(place) * NetworkLayout.lineHeight)
            writer.element("text", [("class", "note"), ("x", left), ("y", y)], note)
        }
    }

    private mutating func draw(_ link: NetworkPicture.Link, _ curve: Curve) {
        let names = "\(picture.sites[link.first].title) – \(picture.sites[link.second].title)"
        writer.element("path", [("class", "link"), ("d", curve.path)], title: names)
    }

    private mutating func draw(_ site: NetworkPicture.Site, _ box: Box) {
        rectangle(box, class: site.isDeclared ? "site" : "site loose", radius: 10, title: site.title)
        writer.element(
            "text",
            [
                ("class", "site-name"), ("x", coordinate(box.left + 14)),
                ("y", coordinate(box.top + NetworkLayout.padding + 4)),
            ], NetworkLayout.shortened(site.title))
        if site.hosts.isEmpty {
            writer.element(
                "text",
                [("class", "figures"), ("x", coordinate(box.center.x)), ("y", coordinate(box.center.y + 16))],
                "no hosts")
        }
    }

    private mutating func draw(_ host: NetworkPicture.Host) {
        guard let box = layout.hosts[host.name] else { return }
        rectangle(
            box, class: host.isSource ? "host source" : "host", radius: 5,
            title: host.figures.isEmpty ? host.name : "\(host.name) \(host.figures)")
        let x = coordinate(box.center.x)
        let y = box.center.y + (host.figures.isEmpty ? 5 : -2)
        writer.element(
            "text", [("class", "host-name"), ("x", x), ("y", coordinate(y))], NetworkLayout.shortened(host.name))
        if !host.figures.isEmpty {
            writer.element(
                "text", [("class", "figures"), ("x", x), ("y", coordinate(box.center.y + 13))], host.figures)
        }
    }

    private mutating func draw(
        _ lines: [String], at label: (center: Point, width: Double, height: Double)
    ) {
        let box = Box(center: label.center, width: label.width, height: label.height)
        rectangle(box, class: "label", radius: 4, title: nil)
        for (place, line) in lines.enumerated() {
            writer.element(
                "text",
                [
                    ("class", "label-text"), ("x", coordinate(box.center.x)),
                    ("y", coordinate(box.top + 14 + Double(place) * NetworkLayout.labelLine)),
                ], line)
        }
    }

    private mutating func draw(_ flow: NetworkPicture.Flow, _ place: Int) {
        writer.begin("g", [("class", "flow flow-\(place + 1)")])
        writer.element("title", [], flow.legend)
        let width = coordinate(1.4 + 2 * min(1, max(0, flow.share)))
        let curves = FlowCurves(layout)
        for arrow in flow.arrows {
            guard let curve = curves.curve(from: arrow.from, to: arrow.to, flow: place) else { continue }
            writer.element(
                "path",
                [
                    ("d", curve.path), ("stroke-width", width),
                    ("marker-end", "url(#arrow-\(GraphStyle.colour(of: place) + 1))"),
                ], title: "\(arrow.from) → \(arrow.to), \(flow.legend)")
        }
        writer.end()
    }

    private mutating func legend(_ flow: NetworkPicture.Flow, _ place: Int) {
        let y = layout.legendTop + Double(place) * NetworkLayout.lineHeight
        let left = NetworkLayout.margin
        writer.element(
            "path",
            [
                ("class", "flow flow-\(place + 1)"), ("stroke-width", "3"),
                ("d", "M\(coordinate(left)) \(coordinate(y - 4)) h44"),
            ])
        writer.element(
            "text", [("class", "legend"), ("x", coordinate(left + 56)), ("y", coordinate(y))], flow.legend)
    }

    private mutating func rectangle(_ box: Box, class name: String, radius: Double, title: String?) {
        let attributes = [
            ("class", name), ("x", coordinate(box.left)), ("y", coordinate(box.top)), ("width", coordinate(box.width)),
            ("height", coordinate(box.height)), ("rx", coordinate(radius)),
        ]
        if let title {
            writer.element("rect", attributes, title: title)
        } else {
            writer.element("rect", attributes)
        }
    }
}
