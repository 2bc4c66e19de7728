/// An error as a person or a program is told about it: what failed, where, why, and what to do next.
public struct KVMCloneError: Error, Sendable, Equatable, Codable {
    /// The numeric code.
    public var code: ErrorCode
    /// What failed, in one sentence without the host's name.
    public var message: String
    /// The host on which it failed; nil when it failed here.
    public var host: String?
    /// What the failing part said itself.
    public var cause: String?
    /// What the reader can do next: a sentence, or a command to paste.
    public var whatToDo: String?
    /// The option, key or argument that is wrong, for input errors.
    public var field: String?
    /// The exit code when it isn't the one that follows from `code`.
    public var exitCodeOverride: ExitCode?
    /// True when what was copied so far is of no use for another run; nil where nobody can tell.
    package var spoilsCopy: Bool?

    /// Makes an error; `message` says what failed without the host's name.
    public init(
        _ code: ErrorCode, _ message: String, host: String? = nil, cause: String? = nil, whatToDo: String? = nil,
        field: String? = nil, exitCode: ExitCode? = nil
    ) {
        self.code = code
        self.message = message
        self.host = host
        self.cause = cause
        self.whatToDo = whatToDo
        self.field = field
        exitCodeOverride = exitCode
    }

    /// The exit code of a command that ends with this error.
    public var exitCode: ExitCode { exitCodeOverride ?? code.exitCode }

    /// The same error, with the host named if it wasn't yet.
    public func on(_ host: String) -> KVMCloneError {
        var copy = self
        copy.host = copy.host ?? host
        return copy
    }
}

extension KVMCloneError: CustomStringConvertible {
    /// One line: `[1003] kvm1: VM 'web01' not found: cause`.
    public var description: String {
        var text = "[\(code.rawValue)] "
        if let host { text += "\(host): " }
        text += message
        if let cause, !cause.isEmpty, cause != message { text += ": \(cause)" }
        return text
    }
}
