/// A request to an agent. Each declares what it is answered with; the name on the wire never changes within a
/// protocol version.
package protocol AgentRequest: Codable, Sendable {
    associatedtype Response: Codable & Sendable

    /// The request's name on the wire.
    static var name: String { get }
}

/// The answer to a request that has nothing to tell.
package struct Done: Codable, Sendable, Equatable {
    package init() {}
}

/// Versions of the protocol that this build speaks.
package enum AgentProtocolVersion {
    package static let current = 1
    package static let supported = 1...1

    /// The highest version that both ends speak; nil when there is none.
    package static func agree(with offered: [Int]) -> Int? {
        offered.filter(supported.contains).max()
    }
}
