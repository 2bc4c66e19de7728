import FoundationEssentials

/// The fixed 64 bytes in front of each payload. They are authenticated, not encrypted.
///
/// Little-endian: magic 4, version 1, kind 1, codec 1, flags 1, stream 2, stripe 2, disk 4, job 16, offset 8,
/// logical length 8, wire length 4, epoch 4, sequence 8.
public struct FrameHeader: Equatable, Sendable {
    /// Bytes of an encoded header.
    public static let encodedSize = 64
    static let magic: UInt32 = 0x4d56_4b01  // 01 'K' 'V' 'M'
    static let version: UInt8 = 1
    /// A header and a tag without payload.
    static let emptyFrame = encodedSize + Geometry.tag

    /// What the frame says.
    public var kind: FrameKind
    /// Encoding of the payload.
    public var codec: FrameCodec = .raw
    /// Only hello frames use it: the sender's role.
    public var flags: UInt8 = 0
    /// Which connection of the job, from 0.
    public var stream: UInt16 = 0
    /// Which distribution tree, from 0.
    public var stripe: UInt16 = 0
    /// The disk's index in the job.
    public var disk: UInt32 = 0
    /// The job's id.
    public var job: UUID
    /// Data and zero: offset on the disk. Credit: bytes consumed. End: frames on this stream.
    public var offset: UInt64 = 0
    /// Data and zero: bytes of the disk that the frame covers. End: bytes of disks that the stream covered.
    public var logicalLength: UInt64 = 0
    /// Bytes of payload on the wire, without the tag.
    public var wireLength: UInt32 = 0
    /// The generation of the source view.
    public var epoch: UInt32 = 0
    /// Number of the frame on its stream and direction, from 0; the sealer sets it.
    public var sequence: UInt64 = 0

    /// A header of that kind; everything else is zero.
    public init(_ kind: FrameKind, job: UUID, epoch: UInt32 = 0, stream: UInt16 = 0) {
        self.kind = kind
        self.job = job
        self.epoch = epoch
        self.stream = stream
    }

    /// Writes the 64 bytes. No alignment is needed.
    func encode(to p: UnsafeMutableRawPointer) {
        p.storeBytes(of: Self.magic.littleEndian, as: UInt32.self)
        p.storeBytes(of: Self.version, toByteOffset: 4, as: UInt8.self)
        p.storeBytes(of: kind.rawValue, toByteOffset: 5, as: UInt8.self)
        p.storeBytes(of: codec.rawValue, toByteOffset: 6, as: UInt8.self)
        p.storeBytes(of: flags, toByteOffset: 7, as: UInt8.self)
        p.storeBytes(of: stream.littleEndian, toByteOffset: 8, as: UInt16.self)
        p.storeBytes(of: stripe.littleEndian, toByteOffset: 10, as: UInt16.self)
        p.storeBytes(of: disk.littleEndian, toByteOffset: 12, as: UInt32.self)
        p.storeBytes(of: job.uuid, toByteOffset: 16, as: uuid_t.self)
        p.storeBytes(of: offset.littleEndian, toByteOffset: 32, as: UInt64.self)
        p.storeBytes(of: logicalLength.littleEndian, toByteOffset: 40, as: UInt64.self)
        p.storeBytes(of: wireLength.littleEndian, toByteOffset: 48, as: UInt32.self)
        p.storeBytes(of: epoch.littleEndian, toByteOffset: 52, as: UInt32.self)
        p.storeBytes(of: sequence.littleEndian, toByteOffset: 56, as: UInt64.self)
    }

    /// Reads 64 bytes and refuses whatever no frame may say, before a byte of payload is read.
    ///
    /// What depends on the job (disk sizes, sequence, direction) is checked by `FrameCheck`.
    init(decoding p: UnsafeRawPointer) throws(FrameError) {
        guard UInt32(littleEndian: p.loadUnaligned(as: UInt32.self)) == Self.magic else { throw .badMagic }
        let version = p.load(fromByteOffset: 4, as: UInt8.self)
        guard version == Self.version else { throw .unknownVersion(version) }
        let rawKind = p.load(fromByteOffset: 5, as: UInt8.self)
        guard let kind = FrameKind(rawValue: rawKind) else { throw .unknownKind(rawKind) }
        let rawCodec = p.load(fromByteOffset: 6, as: UInt8.self)
        guard let codec = FrameCodec(rawValue: rawCodec) else { throw .unknownCodec(rawCodec) }
        self.kind = kind
        self.codec = codec
        flags = p.load(fromByteOffset: 7, as: UInt8.self)
        stream = UInt16(littleEndian: p.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
        stripe = UInt16(littleEndian: p.loadUnaligned(fromByteOffset: 10, as: UInt16.self))
        disk = UInt32(littleEndian: p.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        job = UUID(uuid: p.loadUnaligned(fromByteOffset: 16, as: uuid_t.self))
        offset = UInt64(littleEndian: p.loadUnaligned(fromByteOffset: 32, as: UInt64.self))
        logicalLength = UInt64(littleEndian: p.loadUnaligned(fromByteOffset: 40, as: UInt64.self))
        wireLength = UInt32(littleEndian: p.loadUnaligned(fromByteOffset: 48, as: UInt32.self))
        epoch = UInt32(littleEndian: p.loadUnaligned(fromByteOffset: 52, as: UInt32.self))
        sequence = UInt64(littleEndian: p.loadUnaligned(fromByteOffset: 56, as: UInt64.self))
        try checkShape()
    }

    private func checkShape() throws(FrameError) {
        let badLength = FrameError.badLength(kind, logical: logicalLength, wire: wireLength)
        guard wireLength <= UInt32(Geometry.maxFrame) else { throw badLength }
        guard codec == .raw || kind == .data else { throw .unknownCodec(codec.rawValue) }
        guard flags == 0 || kind == .hello else { throw .badFlags(flags) }
        switch kind {
        case .data:
            guard logicalLength > 0, logicalLength <= UInt64(Geometry.maxFrame), wireLength > 0 else { throw badLength }
            let fits = codec == .raw ? wireLength == logicalLength : UInt64(wireLength) < logicalLength
            guard fits else { throw badLength }
            try checkRange()
        case .zero:
            guard logicalLength > 0, wireLength == 0 else { throw badLength }
            try checkRange()
        case .hello, .end, .open:
            guard wireLength == 0 else { throw badLength }
        case .credit:
            guard wireLength == 0, logicalLength == 0 else { throw badLength }
        case .abort:
            guard wireLength <= UInt32(Geometry.maxReason), logicalLength == 0 else { throw badLength }
        case .copy, .hash, .mark:
            break
        }
    }

    private func checkRange() throws(FrameError) {
        guard offset % Geometry.leaf64 == 0 else { throw .unaligned(offset: offset) }
        guard !offset.addingReportingOverflow(logicalLength).overflow else {
            throw .pastEnd(offset: offset, length: logicalLength, size: nil)
        }
    }
}
