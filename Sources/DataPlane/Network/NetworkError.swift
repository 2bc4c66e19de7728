import Glibc

/// A failed socket call.
public struct NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Kind: Sendable, Equatable {
        /// A failed system call, with its errno.
        case system(Int32)
        /// The peer closed the connection.
        case closed
        /// The time given for it was over.
        case timedOut
        /// An address that isn't numeric, or a path that is too long.
        case badAddress
        /// No port of the range was free.
        case noFreePort
        /// The peer didn't prove that it belongs to the job.
        case refused
    }

    /// What kind of failure it was.
    public let kind: Kind
    /// What was attempted.
    public let operation: String

    init(_ operation: String, _ code: Int32) {
        kind = .system(code)
        self.operation = operation
    }

    init(_ kind: Kind, _ operation: String) {
        self.kind = kind
        self.operation = operation
    }

    /// What failed, why, and what to look at.
    public var description: String {
        switch kind {
        case .system(let code): "could not \(operation): \(errnoText(code))"
        case .closed: "could not \(operation): the peer closed the connection"
        case .timedOut: "could not \(operation): no answer in time; check the route and the firewall"
        case .badAddress: "could not \(operation): the address must be numeric, or a path shorter than 108 bytes"
        case .noFreePort: "could not \(operation): every port of the range is in use"
        case .refused: "could not \(operation): the peer does not belong to this job"
        }
    }
}
