/// What this project notes in a domain's `<metadata>`: one element in a namespace of its own, with attributes.
public struct OwnMetadata: Sendable, Equatable, Codable {
    /// The namespace of the element.
    public static let namespace = "urn:kvm-clone:1"
    static let prefix = "kvm-clone"
    static let element = "origin"

    /// Attribute names (XML names without a colon) and values.
    public var attributes: [String: String]

    /// A note to be written.
    public init(attributes: [String: String]) { self.attributes = attributes }
}
