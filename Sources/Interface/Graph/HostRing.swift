import Glibc

/// Where the hosts of one site stand, around the origin.
enum HostRing {
    /// Rows, for a picture without arrows.
    static func rows(_ count: Int, width: Double, height: Double, gap: Double) -> [Point] {
        guard count > 0 else { return [] }
        var columns = 1
        while columns * columns < count { columns += 1 }
        // Hosts are wider than high.
        if count > 4 { columns = max(2, (columns * 4 + 4) / 5) }
        let rows = (count + columns - 1) / columns
        return (0..<count).map { place in
            Point(
                x: (Double(place % columns) - Double(columns - 1) / 2) * (width + gap),
                y: (Double(place / columns) - Double(rows - 1) / 2) * (height + gap))
        }
    }

    /// An ellipse, so that arrows between two hosts pass by all others. Begins at the top, clockwise.
    static func ellipse(_ count: Int, width: Double, height: Double, gap: Double) -> [Point] {
        guard count > 1 else { return count == 1 ? [Point(x: 0, y: 0)] : [] }
        if count == 2 { return [-1.0, 1].map { Point(x: $0 * (width / 2 + gap), y: 0) } }
        // Wide names need a wide ellipse, or it would be far higher than needed.
        let stretch = min(3, max(1.35, width / 80))
        var radius = 1.5 * height + 2 * gap
        while true {
            let places = (0..<count).map { place in
                let angle = 2 * Double.pi * Double(place) / Double(count) - Double.pi / 2
                return Point(x: stretch * radius * cos(angle), y: radius * sin(angle))
            }
            let boxes = places.map { Box(center: $0, width: width, height: height) }
            if boxes.indices.allSatisfy({ !boxes[$0].overlaps(boxes[($0 + 1) % count], gap: gap / 2) }) {
                return places
            }
            radius *= 1.05
        }
    }
}
