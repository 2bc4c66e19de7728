/// A finding about a domain that is to be copied to another host while it is shut off.
public struct Blocker: Sendable, Equatable, Codable {
    /// What the finding means for the copy.
    public enum Kind: Sendable, Hashable, Codable {
        /// The copy can't be made, or would not be the same VM.
        case blocks
        /// The copy can be made, but starts only where this path exists.
        case mustExistOnTarget(path: String)
        /// The copy can be made; somebody should know this.
        case notice
    }

    /// What the finding means for the copy.
    public var kind: Kind
    /// The part of the VM, such as `disk vdb`.
    public var subject: String
    /// Why, in half a sentence.
    public var reason: String
    /// What to do about it.
    public var remedy: String

    /// A finding from its parts.
    public init(_ kind: Kind, _ subject: String, reason: String, remedy: String) {
        self.kind = kind
        self.subject = subject
        self.reason = reason
        self.remedy = remedy
    }
}

extension DomainDescription {
    /// Everything that stops an offline copy or must be looked after, blocking findings first.
    ///
    /// Only the XML is looked at, no host. Ask the rewritten XML's description for paths as the target will need them.
    public var blockers: [Blocker] {
        let findings = disks.flatMap(\.blockers) + deviceBlockers + hostPathFindings + notices
        return findings.filter { $0.kind == .blocks } + findings.filter { $0.kind != .blocks }
    }
}
