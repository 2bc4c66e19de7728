import YAML

/// TCP ports from first to last, both included, written `first-last`.
public struct PortRange: Sendable, Hashable, CustomStringConvertible {
    /// The lowest port.
    public let first: UInt16
    /// The highest port.
    public let last: UInt16

    /// The ports that libvirt's own migration uses by default too.
    public static let standard = PortRange(49152...49215)

    /// The range of these ports; 0 isn't a port and becomes 1.
    public init(_ ports: ClosedRange<UInt16>) {
        first = max(1, ports.lowerBound)
        last = max(1, ports.upperBound)
    }

    /// Parses `49152-49215`.
    public init(parsing text: String) throws(InvalidValue) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isDigits = parts.allSatisfy { part in
            (1...5).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard parts.count == 2, isDigits else {
            throw InvalidValue("\(quoted(text)) isn't a range of ports: write first-last, such as 49152-49215")
        }
        guard let first = UInt16(parts[0]), let last = UInt16(parts[1]), first >= 1 else {
            throw InvalidValue("\(quoted(text)): ports go from 1 to 65535")
        }
        guard first <= last else { throw InvalidValue("\(quoted(text)): the first port is above the last") }
        self.init(first...last)
    }

    /// The ports as a range.
    public var ports: ClosedRange<UInt16> { first...last }

    /// `first-last`.
    public var description: String { "\(first)-\(last)" }
}

extension PortRange: Codable {
    /// Decodes `first-last`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(parsing: try container.decode(String.self))
        } catch let error as InvalidValue {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    /// Encodes as `first-last`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
