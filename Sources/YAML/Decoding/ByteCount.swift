/// Counts of bytes as people write them: `65536`, `512K`, `50M`, `1G`, `2T`. Units are powers of 1024.
public enum ByteCount {
    private static let units: [(Character, UInt64)] = [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]

    /// The count, or an error that says what is allowed. Upper and lower case mean the same.
    public static func parse(_ text: some StringProtocol) throws(InvalidValue) -> UInt64 {
        let unit = units.first { $0.0 == text.last?.uppercased().first }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw InvalidValue("\(quoted(String(text))) isn't a size: write digits and K, M, G or T, such as 50M")
        }
        guard let count = UInt64(digits),
            case let (bytes, overflow) = count.multipliedReportingOverflow(by: unit?.1 ?? 1),
            !overflow, bytes <= UInt64(Int64.max)
        else {
            throw InvalidValue("\(shortened(String(text))) is too large a size")
        }
        return bytes
    }

    /// The shortest exact way to write a count that `parse` reads back: 52428800 is `50M`.
    public static func format(_ bytes: UInt64) -> String {
        for (name, size) in units where bytes >= size && bytes % size == 0 { return "\(bytes / size)\(name)" }
        return "\(bytes)"
    }
}
