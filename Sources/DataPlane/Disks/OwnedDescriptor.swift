import Glibc

/// One file descriptor with one owner, closed when the owner goes away.
public struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number for system calls. It must not outlive this value, and nobody else may close it.
    public let raw: Int32

    /// Takes over a descriptor that is open.
    public init(owning raw: Int32) {
        precondition(raw >= 0, "not an open descriptor")
        self.raw = raw
    }

    deinit { close(raw) }
}
