import FoundationEssentials
import Testing

@testable import DataPlane

/// What the end of a link makes of frames that no peer of ours sends.
@Suite struct TunnelReaderTests {
    private static let job = UUID()

    /// A reader, and the socket and sealer of a peer that says whatever it is told to.
    private static func pair(
        _ direction: Direction = .backward
    ) throws -> (reader: TunnelReader, peer: Socket, sealer: FrameSealer) {
        let (a, b) = try Socket.pair()
        let key = try StreamKey.tunnel(
            JobKey.random(), from: Salt.random(), to: Salt.random(), link: 0, direction: direction)
        let reader = try TunnelReader(
            a, key: key, check: TunnelCheck(job: job, link: 0, direction: direction), tally: TunnelTally())
        return (reader, b, try FrameSealer(key: key))
    }

    private static func data(_ count: Int, _ change: (inout FrameHeader) -> Void = { _ in }) -> FrameHeader {
        var header = FrameHeader(.data, job: job)
        header.logicalLength = UInt64(count)
        header.wireLength = UInt32(count)
        change(&header)
        return header
    }

    private static func header(_ header: FrameHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: FrameHeader.encodedSize)
        bytes.withUnsafeMutableBytes { if let p = $0.baseAddress { header.encode(to: p) } }
        return bytes
    }

    @Test(
        "a header is refused before its payload is awaited",
        arguments: [
            data(1 << 20), data(65_537), data(5) { $0.wireLength = .max }, data(5) { $0.logicalLength = 1 << 40 },
            data(5) { $0.offset = 65_536 }, data(5) { $0.disk = 1 }, data(5) { $0.job = UUID() },
            data(5) { $0.stream = 1 }, data(5) { $0.stripe = 1 }, data(5) { $0.epoch = 1 }, data(5) { $0.sequence = 1 },
            FrameHeader(.hello, job: job), FrameHeader(.credit, job: job), FrameHeader(.open, job: job),
            FrameHeader(.mark, job: job),
        ])
    func refused(_ header: FrameHeader) throws {
        let (reader, peer, _) = try Self.pair()
        try peer.write(Self.header(header))
        // The peer's end stays open: whoever waited for more would hang.
        #expect(throws: FrameError.self) { _ = try reader.next(TunnelEnding()) }
    }

    @Test("frames of the source begin with an open frame, and none comes later")
    func order() throws {
        for kinds in [[FrameKind.end], [.open, .open], [.data]] {
            let (reader, peer, sealer) = try Self.pair(.forward)
            #expect(throws: FrameError.self) {
                for kind in kinds {
                    let header = kind == .data ? Self.data(1) : FrameHeader(kind, job: Self.job)
                    try peer.write(try FakeSender.frame(sealer, header, kind == .data ? [1] : []))
                    _ = try reader.next(TunnelEnding())
                }
            }
        }
    }

    @Test("a frame that comes twice is refused, and so are counts that don't agree")
    func counts() throws {
        let (reader, peer, sealer) = try Self.pair()
        let frame = try FakeSender.frame(sealer, Self.data(3), [1, 2, 3])
        try peer.write(frame + frame)
        guard case .data(let bytes) = try reader.next(TunnelEnding()) else { throw FrameError.truncated }
        #expect(Array(bytes) == [1, 2, 3])
        #expect(throws: FrameError.outOfSequence(expected: 1, got: 0)) { _ = try reader.next(TunnelEnding()) }
        let (other, otherPeer, otherSealer) = try Self.pair()
        var end = FrameHeader(.end, job: Self.job)
        end.logicalLength = 1
        try otherPeer.write(try FakeSender.frame(otherSealer, end))
        #expect(throws: FrameError.badCounts) { _ = try other.next(TunnelEnding()) }
    }

    @Test("an abort's text can't play tricks on a terminal")
    func abort() throws {
        let (reader, peer, sealer) = try Self.pair()
        try peer.write(try FakeSender.frame(sealer, FrameHeader(.abort, job: Self.job), Array("a\u{1b}[31m".utf8)))
        let error = #expect(throws: TransferError.self) { _ = try reader.next(TunnelEnding()) }
        #expect(error?.message.contains("a?[31m") == true)
    }
}
