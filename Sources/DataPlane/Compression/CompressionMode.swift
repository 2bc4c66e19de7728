/// Whether data frames are compressed.
public enum CompressionMode: Sendable, Equatable {
    /// Never.
    case off
    /// Always at that zstd level, from -7 (fastest) to 19; a frame that doesn't get smaller goes as it is.
    case zstd(level: Int32)
    /// Where it pays: by the measured rates of compressor and link.
    case auto
}
