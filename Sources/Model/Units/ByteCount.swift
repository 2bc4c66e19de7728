/// Numbers of bytes as people write and read them. K, M, G and T are powers of 1024.
public enum ByteCount {
    private static let suffixes: [(Character, UInt64)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
    ]

    /// Reads `512`, `50M` or `2g`; nil for anything else, and for what doesn't fit 63 bits.
    public static func parse(_ text: String) -> UInt64? {
        var digits = Substring(text)
        var factor: UInt64 = 1
        if let unit = suffixes.first(where: { text.last?.uppercased() == String($0.0) }) {
            factor = unit.1
            digits.removeLast()
        }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt64(digits) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow || product > UInt64(Int64.max) ? nil : product
    }

    /// The shortest exact way to write a number that `parse` reads back: 52428800 is `50M`.
    public static func exact(_ bytes: UInt64) -> String {
        for (name, size) in suffixes where bytes >= size && bytes % size == 0 { return "\(bytes / size)\(name)" }
        return "\(bytes)"
    }

    /// Writes three significant figures: `0 B`, `512 B`, `1.50 KiB`, `11.2 GiB`.
    public static func format(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        while value >= 999.5, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(figures(value)) \(units[unit])"
    }

    /// Writes a rate, `212 MiB/s`.
    public static func formatRate(_ bytesPerSecond: Double) -> String {
        // What doesn't fit 64 bits is shown as the most that does.
        let rate = bytesPerSecond.isFinite ? max(0, bytesPerSecond) : 0
        return format(UInt64(exactly: rate.rounded(.down)) ?? .max) + "/s"
    }

    /// `value` with three significant figures, at most two after the point.
    static func figures(_ value: Double) -> String {
        let places = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
        let scale = [1.0, 10, 100][places]
        let scaled = (value * scale).rounded()
        guard places > 0 else { return String(Int(scaled)) }
        let whole = Int(scaled) / Int(scale)
        let rest = String(Int(scaled) % Int(scale))
        return "\(whole)." + String(repeating: "0", count: places - rest.count) + rest
    }
}
