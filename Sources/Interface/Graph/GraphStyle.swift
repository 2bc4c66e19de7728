/// Colours and lines. Plain CSS without variables, which not every viewer knows.
enum GraphStyle {
    /// Eight colours that people with any colour vision tell apart, for light paper and for dark: Okabe and Ito's, the
    /// yellow replaced, lighter where the paper is dark.
    private static let light = ["#0072b2", "#d55e00", "#008a65", "#b0508c", "#946200", "#2b87b8", "#6d4fc2", "#5f6670"]
    private static let dark = ["#4aa8e8", "#ff8a3d", "#2cc795", "#e894c4", "#e6b035", "#8ad0f5", "#ab94f5", "#b3bac4"]
    /// Lines differ as well, where colours repeat or can't be seen.
    private static let dashes = ["", "9 4", "3 3", "12 3 3 3", "6 2", "2 5", "14 5", "8 3 2 3 2 3"]

    static func colour(of flow: Int) -> Int { flow % light.count }

    static func write(flows: Int, to writer: inout SVGWriter) {
        writer.begin("style")
        for rule in base { writer.line(rule) }
        for flow in 0..<flows {
            // Of flows that share a colour each has another line.
            let dash = dashes[(flow + flow / light.count) % dashes.count]
            let line = dash.isEmpty ? "" : " stroke-dasharray: \(dash);"
            writer.line(".flow-\(flow + 1) { stroke: \(light[colour(of: flow)]);\(line) }")
        }
        let used = min(flows, light.count)
        for colour in 0..<used { writer.line("#arrow-\(colour + 1) path { fill: \(light[colour]); }") }
        writer.line("@media (prefers-color-scheme: dark) {")
        for rule in night { writer.line(" " + rule) }
        for flow in 0..<flows { writer.line(" .flow-\(flow + 1) { stroke: \(dark[colour(of: flow)]); }") }
        for colour in 0..<used { writer.line(" #arrow-\(colour + 1) path { fill: \(dark[colour]); }") }
        writer.line("}")
        writer.end()
        markers(used, to: &writer)
    }

    private static func markers(_ count: Int, to writer: inout SVGWriter) {
        guard count > 0 else { return }
        writer.begin("defs")
        for colour in 1...count {
            writer.begin(
                "marker",
                [
                    ("id", "arrow-\(colour)"), ("viewBox", "0 0 10 10"), ("refX", "9"), ("refY", "5"),
                    ("markerWidth", "10"), ("markerHeight", "10"), ("markerUnits", "userSpaceOnUse"),
                    ("orient", "auto"),
                ])
            writer.element("path", [("d", "M0 1 L10 5 L0 9 z")])
            writer.end()
        }
        writer.end()
    }

    private static let base = [
        "text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1d2329; }",
        ".heading { font-size: 20px; font-weight: 600; }",
        ".note, .legend { font-size: 13px; }",
        ".site-name { font-size: 15px; font-weight: 600; }",
        ".host-name { font-size: 13px; text-anchor: middle; }",
        ".figures { font-size: 11px; fill: #4b5563; text-anchor: middle; }",
        ".label-text { font-size: 12px; text-anchor: middle; }",
        ".paper { fill: #ffffff; }",
        ".site { fill: #f3f5f8; stroke: #7b8794; }",
        ".loose { stroke-dasharray: 6 4; }",
        ".host { fill: #ffffff; stroke: #7b8794; }",
        ".source { stroke: #1d2329; stroke-width: 2.5; }",
        ".link { fill: none; stroke: #a3adb8; stroke-width: 7; }",
        ".label { fill: #ffffff; fill-opacity: 0.85; stroke: #a3adb8; }",
        ".flow { fill: none; }",
    ]
    private static let night = [
        "text { fill: #e8ecf1; }", ".figures { fill: #aab4c0; }", ".paper { fill: #14181d; }",
        ".site { fill: #1d232b; stroke: #76828f; }", ".host { fill: #2a323c; stroke: #76828f; }",
        ".source { stroke: #ffffff; }", ".link { stroke: #56606c; }", ".label { fill: #14181d; stroke: #56606c; }",
    ]
}
