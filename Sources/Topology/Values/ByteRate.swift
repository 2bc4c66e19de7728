import Model
import YAML

/// Bytes per second as a topology writes them: digits, with K, M, G or T.
enum ByteRate {
    static func parse(_ text: some StringProtocol) throws(InvalidValue) -> UInt64 {
        guard let rate = ByteCount.parse(String(text)) else {
            throw InvalidValue("\(quoted(String(text))) isn't a size: write digits and K, M, G or T, such as 50M")
        }
        return rate
    }
}

extension YAMLNode {
    /// The node as bytes per second: an integer, or digits with K, M, G or T (powers of 1024).
    func bytesPerSecond() throws(YAMLError) -> UInt64 {
        try scalarText("a size such as 50M") { text throws(InvalidValue) in try ByteRate.parse(text) }
    }
}
