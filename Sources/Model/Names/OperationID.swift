/// The id of one run of a command: ten characters of Crockford's base 32, 50 random bits.
public struct OperationID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The ten characters, upper case.
    public let description: String

    static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// A new id from `generator`.
    public init(using generator: inout some RandomNumberGenerator) {
        description = String((0..<10).map { _ in Self.alphabet.randomElement(using: &generator) ?? "0" })
    }

    /// A new id from the system's random numbers.
    public init() {
        var generator = SystemRandomNumberGenerator()
        self.init(using: &generator)
    }

    /// Reads an id, in either case; nil when it isn't one.
    public init?(_ text: String) {
        let upper = text.uppercased()
        guard upper.count == 10, upper.allSatisfy(Self.alphabet.contains) else { return nil }
        description = upper
    }

    /// Decodes the ten characters.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = OperationID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an operation id"))
        }
        self = id
    }

    /// Encodes the ten characters.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
