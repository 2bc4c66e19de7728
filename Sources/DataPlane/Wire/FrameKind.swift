/// What a frame says.
public enum FrameKind: UInt8, Sendable, CaseIterable {
    /// First on a connection: who is there. Sealed with a key of its own.
    case hello = 1
    /// Bytes of a disk.
    case data = 2
    /// A range that reads as zeros, of any length; no payload.
    case zero = 3
    /// A range that the receiver can copy from elsewhere on its own disks. Reserved.
    case copy = 4
    /// Leaf digests of a range. Reserved.
    case hash = 5
    /// A point in the stream that both ends can name, for journals. Reserved.
    case mark = 6
    /// Receiver to sender: bytes consumed so far.
    case credit = 7
    /// The stream is complete. From sender to receiver with its counts, and back when all of it has been taken in.
    case end = 8
    /// The stream is given up, with the reason as text.
    case abort = 9
    /// Tunnels: a connection was accepted; everything after it belongs to that.
    case open = 10
}

/// How the payload of a data frame is encoded.
public enum FrameCodec: UInt8, Sendable {
    /// As it is on the disk.
    case raw = 0
    /// One zstd frame.
    case zstd = 1
}
