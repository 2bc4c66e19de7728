import FoundationEssentials

/// What a frame must say to belong to one stream of one job. A value: it holds no state of the stream.
struct FrameCheck: Sendable {
    let job: UUID
    let epoch: UInt32
    let stream: UInt16
    /// Kinds that may come in this direction.
    let kinds: Set<FrameKind>
    /// Sizes of the job's disks by index.
    let sizes: [UInt32: UInt64]

    func check(_ header: FrameHeader) throws(FrameError) {
        guard header.job == job else { throw .wrongJob }
        guard header.epoch == epoch else { throw .wrongEpoch(header.epoch) }
        guard header.stream == stream, header.stripe == 0 else { throw .wrongStream(header.stream) }
        guard kinds.contains(header.kind) else { throw .unexpectedKind(header.kind) }
        guard header.kind == .data || header.kind == .zero else { return }
        guard let size = sizes[header.disk] else { throw .unknownDisk(header.disk) }
        // The sum can't overflow: the header's own check saw to that.
        let end = header.offset + header.logicalLength
        guard end <= size else { throw .pastEnd(offset: header.offset, length: header.logicalLength, size: size) }
        guard end == size || end % Geometry.leaf64 == 0 else { throw .unaligned(offset: header.offset) }
        guard header.kind == .zero || header.offset / Geometry.unit64 == (end - 1) / Geometry.unit64 else {
            throw .unaligned(offset: header.offset)
        }
    }
}
