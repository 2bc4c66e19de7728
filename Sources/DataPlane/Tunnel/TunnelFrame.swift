import FoundationEssentials

/// The frames of tunnels: those of `Wire`, of the kinds open, data, end and abort. They name no disk and no offset, and
/// carry at most 64 KiB.
enum TunnelFrame {
    /// The most that one frame carries, in bytes.
    static let maxPayload = 64 << 10
    /// The most that one frame takes on the wire, in bytes.
    static let maxSize = FrameHeader.emptyFrame + maxPayload
}

/// What the frames of one link and direction must say, beyond what any frame must. A value: it holds no state.
struct TunnelCheck: Sendable {
    let job: UUID
    let link: LinkNumber
    let direction: Direction

    /// Call it before the payload is read.
    func check(_ header: FrameHeader) throws(FrameError) {
        guard header.job == job else { throw .wrongJob }
        guard header.epoch == 0 else { throw .wrongEpoch(header.epoch) }
        guard header.stream == link.raw, header.stripe == 0 else { throw .wrongStream(header.stream) }
        guard header.disk == 0 else { throw .unknownDisk(header.disk) }
        // Only the end that accepts says that it did, and that before all else.
        let isFirst = direction == .forward && header.sequence == 0
        switch header.kind {
        case .abort: break
        case .open where isFirst: break
        case .end where !isFirst: break
        case .data where !isFirst:
            guard header.offset == 0, header.logicalLength <= UInt64(TunnelFrame.maxPayload) else {
                throw .badLength(.data, logical: header.logicalLength, wire: header.wireLength)
            }
        default: throw .unexpectedKind(header.kind)
        }
    }
}

/// Memory for one frame of a tunnel, freed with its owner.
struct TunnelBuffer: ~Copyable {
    /// Where the frame lies: `TunnelFrame.maxSize` bytes.
    let frame: UnsafeMutableRawPointer

    init() { frame = .allocate(byteCount: TunnelFrame.maxSize, alignment: 64) }

    deinit { frame.deallocate() }

    /// Where its payload lies.
    var payload: UnsafeMutableRawPointer { frame + FrameHeader.encodedSize }
}
