import Model

/// What `doctor` found out about one host.
public struct DoctorReport: Sendable, Codable, Equatable {
    /// The host.
    public var host: String
    /// What it is and has, in the order of display.
    public var facts: [DoctorFact]
    /// What is wrong with it, each with a fix to paste.
    public var findings: [PreflightFinding]

    /// Makes a report from its parts.
    public init(host: String, facts: [DoctorFact], findings: [PreflightFinding]) {
        self.host = host
        self.facts = facts
        self.findings = findings
    }

    /// True when something keeps the host from being used.
    public var isBlocked: Bool { findings.contains { $0.severity == .blocks } }
}

/// One thing about a host.
public struct DoctorFact: Sendable, Codable, Equatable {
    /// What it is about, such as `libvirt`.
    public var name: String
    /// What it is.
    public var value: String

    /// Makes a fact from its parts.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// How a host is reached.
package struct ConnectionReport: Sendable, Equatable {
    /// `libssh2`, `ssh` or `local`.
    package var kind: String
    /// Why it isn't the kind that is tried first.
    package var note: String?

    package init(kind: String, note: String?) {
        self.kind = kind
        self.note = note
    }
}
