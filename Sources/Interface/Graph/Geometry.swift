/// A place in the picture: x to the right, y down.
struct Point: Equatable {
    var x: Double
    var y: Double

    static func + (left: Point, right: Point) -> Point { Point(x: left.x + right.x, y: left.y + right.y) }
    static func - (left: Point, right: Point) -> Point { Point(x: left.x - right.x, y: left.y - right.y) }
    static func * (point: Point, factor: Double) -> Point { Point(x: point.x * factor, y: point.y * factor) }

    var length: Double { (x * x + y * y).squareRoot() }

    func between(_ other: Point, _ part: Double = 0.5) -> Point { self + (other - self) * part }
}

/// An upright rectangle, by its centre.
struct Box: Equatable {
    var center: Point
    var width: Double
    var height: Double

    var left: Double { center.x - width / 2 }
    var right: Double { center.x + width / 2 }
    var top: Double { center.y - height / 2 }
    var bottom: Double { center.y + height / 2 }

    func contains(_ point: Point) -> Bool {
        abs(point.x - center.x) <= width / 2 && abs(point.y - center.y) <= height / 2
    }

    func overlaps(_ other: Box, gap: Double) -> Bool {
        abs(center.x - other.center.x) < (width + other.width) / 2 + gap
            && abs(center.y - other.center.y) < (height + other.height) / 2 + gap
    }

    /// Where a line from the centre towards `point` leaves the box.
    func border(towards point: Point) -> Point {
        let way = point - center
        guard way.x != 0 || way.y != 0 else { return Point(x: center.x, y: top) }
        let horizontal = way.x == 0 ? Double.infinity : width / 2 / abs(way.x)
        let vertical = way.y == 0 ? Double.infinity : height / 2 / abs(way.y)
        return center + way * min(horizontal, vertical)
    }
}

/// A quadratic Bézier curve.
struct Curve {
    var start: Point
    var control: Point
    var end: Point

    func point(at part: Double) -> Point {
        start.between(control, part).between(control.between(end, part), part)
    }

    /// The `d` of an SVG path.
    var path: String {
        func pair(_ point: Point) -> String { "\(coordinate(point.x)) \(coordinate(point.y))" }
        return "M\(pair(start)) Q\(pair(control)) \(pair(end))"
    }
}
