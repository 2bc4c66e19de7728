/// Takes a name on the host for one operation, against every other coordinator. The claim ends with the agent, or by
/// `ReleaseClaims`.
///
/// A claim on a name that is about to be made leaves a record that outlives the agent: until it is released, only the
/// same operation gets the name again, with the same or a higher fencing number. So a coordinator that wakes up after
/// its operation went on elsewhere is refused.
package struct Claim: AgentRequest {
    package static let name = "claim"

    /// What is claimed.
    package enum Subject: Codable, Sendable, Equatable {
        /// The VM of that uuid, as a source.
        case source(uuid: String)
        /// The name of a VM that is about to be made.
        case target(name: String)
    }

    package var subject: Subject
    /// The operation that claims it.
    package var operation: String
    /// How often the operation was begun or gone on with.
    package var fence: Int

    package init(_ subject: Subject, operation: String, fence: Int = 1) {
        self.subject = subject
        self.operation = operation
        self.fence = fence
    }

    package typealias Response = Done
}

/// Answered when this very agent still holds a claim, so that nobody else works under it.
package struct ConfirmClaim: AgentRequest {
    package static let name = "claim.confirm"

    package var subject: Claim.Subject
    package var operation: String

    package init(_ subject: Claim.Subject, operation: String) {
        self.subject = subject
        self.operation = operation
    }

    package typealias Response = Done
}

/// Gives back all names that an operation has claimed on the host.
package struct ReleaseClaims: AgentRequest {
    package static let name = "claims.release"

    package var operation: String
    /// Claims with this fencing number or a lower one that come later are refused: they were on their way.
    package var fence: Int
    /// Whether the records stay, so that only the same operation can go on.
    package var keepsRecords: Bool

    package init(operation: String, fence: Int = .max, keepsRecords: Bool = false) {
        self.operation = operation
        self.fence = fence
        self.keepsRecords = keepsRecords
    }

    package typealias Response = Done
}
