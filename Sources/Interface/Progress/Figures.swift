import Model

/// Numbers in the little space of a progress line.
enum Figures {
    /// `7.05/11.2G`: both in the unit of the total.
    static func fraction(_ done: UInt64, of total: UInt64) -> String {
        let unit = unit(for: total)
        return "\(number(Double(done) / unit.size))/\(number(Double(total) / unit.size))\(unit.letter)"
    }

    /// `91M/s`.
    static func rate(_ bytesPerSecond: Double) -> String {
        let value = bytesPerSecond.isFinite ? max(0, bytesPerSecond) : 0
        let unit = unit(for: UInt64(min(value, 1e18)))
        let scaled = value / unit.size
        let text = scaled < 9.95 && unit.size > 1 ? decimal(scaled, places: 1) : decimal(scaled, places: 0)
        return "\(text)\(unit.letter)/s"
    }

    /// `0:13`, `1:19`, `2:05:00`.
    static func clock(_ seconds: Double) -> String {
        let whole = wholeSeconds(seconds)
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }

    /// `58s`, `1m19s`, `2h05m`.
    static func span(_ seconds: Double) -> String {
        let whole = wholeSeconds(seconds)
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        if hours > 0 { return "\(hours)h\(two(minutes))m" }
        return minutes > 0 ? "\(minutes)m\(two(rest))s" : "\(rest)s"
    }

    /// Per cent, rounded down so that 100 means all; an empty disk is done.
    static func percent(_ share: WorkShare) -> Int { Int(share.fraction * 100) }

    private static func wholeSeconds(_ seconds: Double) -> Int {
        seconds.isFinite ? Int(min(max(0, seconds), 359_999_999).rounded()) : 0
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func unit(for bytes: UInt64) -> (size: Double, letter: String) {
        var size = 1.0
        var letter = ""
        for next in ["K", "M", "G", "T", "P", "E"] where Double(bytes) / size >= 999.5 {
            size *= 1024
            letter = next
        }
        return (size, letter)
    }

    private static func number(_ value: Double) -> String {
        if value == 0 { return "0" }
        return decimal(value, places: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    }

    private static func decimal(_ value: Double, places: Int) -> String {
        let scale = [1, 10, 100][places]
        let scaled = Int((value * Double(scale)).rounded())
        guard places > 0 else { return String(scaled) }
        let rest = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: places - rest.count) + rest
    }
}

/// Times for people, outside the progress view.
public enum DurationText {
    /// `58s`, `1m19s`, `2h05m`.
    public static func span(_ seconds: Double) -> String { Figures.span(seconds) }
}
