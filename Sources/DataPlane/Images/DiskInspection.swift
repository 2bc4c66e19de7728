/// What is known of a disk before it is copied.
public struct DiskInspection: Sendable, Equatable {
    /// Where the active layer lies.
    public enum Kind: String, Sendable {
        /// In a regular file.
        case file
        /// On a block device.
        case block
    }

    /// Where the active layer lies.
    public var kind: Kind
    /// Bytes that the guest sees.
    public var size: UInt64
    /// Bytes of the active layer's file or device.
    public var fileSize: UInt64
    /// Bytes of storage that all layers use.
    public var allocated: UInt64
    /// State of the active layer.
    public var identity: FileIdentity
    /// All layers.
    public var chain: BackingChain

    /// Inspects a disk and its backing chain; see `BackingChain.inspect`.
    public init(
        path: String, format: ImageFormat, backingFormats: [String: ImageFormat] = [:], allowance: ReadAllowance
    ) throws {
        chain = try BackingChain.inspect(path, format: format, backingFormats: backingFormats, allowance: allowance)
        let active = chain.layers[0]
        kind = active.identity.isBlockDevice ? .block : .file
        size = active.virtualSize
        fileSize = active.fileSize
        identity = active.identity
        allocated = chain.layers.reduce(0) { $0 + $1.allocated }
    }
}
