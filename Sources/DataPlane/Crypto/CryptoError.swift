/// A failure inside libcrypto. Not a bad tag: that is `FrameError.badTag`.
public struct CryptoError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was asked of libcrypto.
    public let operation: String

    /// What failed, and what to look at.
    public var description: String {
        "libcrypto could not \(operation); check that the process has memory and that the CPU's features are intact"
    }
}
