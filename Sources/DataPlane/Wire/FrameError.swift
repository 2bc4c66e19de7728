/// Why a frame was refused. Its peer is dropped: nothing after it on that connection is looked at.
public enum FrameError: Error, Equatable, Sendable {
    /// Not one of our frames.
    case badMagic
    /// A version that this build doesn't speak.
    case unknownVersion(UInt8)
    /// A kind that no version defines.
    case unknownKind(UInt8)
    /// A codec that isn't known, or that this kind can't have.
    case unknownCodec(UInt8)
    /// Flags that this kind can't have.
    case badFlags(UInt8)
    /// Lengths that this kind can't have.
    case badLength(FrameKind, logical: UInt64, wire: UInt32)
    /// A range that doesn't begin, or end before the end of the disk, on a leaf.
    case unaligned(offset: UInt64)
    /// A range that passes the end of the disk (or of what an offset can be, when there is no size).
    case pastEnd(offset: UInt64, length: UInt64, size: UInt64?)
    /// A frame of another job.
    case wrongJob
    /// A frame of another connection of the job, or of another stripe.
    case wrongStream(UInt16)
    /// A frame of another generation of the source.
    case wrongEpoch(UInt32)
    /// The job has no such disk.
    case unknownDisk(UInt32)
    /// A kind that isn't allowed in this direction or at this point.
    case unexpectedKind(FrameKind)
    /// A frame was repeated, left out, or moved.
    case outOfSequence(expected: UInt64, got: UInt64)
    /// The tag doesn't hold: damaged, forged, or sealed with another key.
    case badTag
    /// The payload isn't zstd, or doesn't decompress to exactly the stated length.
    case badCompression
    /// The range, or a part of it, arrived before.
    case duplicate(disk: UInt32, offset: UInt64)
    /// More units were begun than a sender of ours has in work at once.
    case tooScattered(disk: UInt32)
    /// The connection ended inside a frame or before the end of the stream.
    case truncated
    /// The stream's own counts don't agree with what arrived.
    case badCounts
}

extension FrameError: CustomStringConvertible {
    /// What was wrong with the frame, in words.
    public var description: String {
        switch self {
        case .badMagic: "not a kvm-clone frame"
        case .unknownVersion(let v): "frame version \(v) is not spoken here; install the same version on both ends"
        case .unknownKind(let k): "unknown frame kind \(k)"
        case .unknownCodec(let c): "codec \(c) is not allowed here"
        case .badFlags(let f): "flags \(f) are not allowed here"
        case .badLength(let kind, let logical, let wire):
            "a \(kind) frame can't cover \(logical) bytes with \(wire) bytes of payload"
        case .unaligned(let offset): "the range at \(offset) is not aligned to \(Geometry.leaf) bytes"
        case .pastEnd(let offset, let length, let size):
            "the range at \(offset) of \(length) bytes passes the end of the disk"
                + (size.map { " (\($0) bytes)" } ?? "")
        case .wrongJob: "the frame belongs to another job"
        case .wrongStream(let s): "the frame belongs to stream \(s)"
        case .wrongEpoch(let e): "the frame belongs to generation \(e)"
        case .unknownDisk(let d): "the job has no disk \(d)"
        case .unexpectedKind(let kind): "a \(kind) frame is not expected here"
        case .outOfSequence(let expected, let got): "frame \(got) came where frame \(expected) was due"
        case .badTag: "the authentication tag does not hold"
        case .badCompression: "the payload does not decompress to the stated length"
        case .duplicate(let disk, let offset): "disk \(disk) got the range at \(offset) twice"
        case .tooScattered(let disk): "disk \(disk) has too many unfinished units"
        case .truncated: "the connection ended in the middle of the stream"
        case .badCounts: "the stream's counts do not agree with what arrived"
        }
    }
}
