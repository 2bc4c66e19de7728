import CZstd
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import DataPlane

/// A sender that holds the job's key and says whatever it is told to.
final class FakeSender: Sendable {
    let job: UUID
    let key: JobKey
    let salt: Salt
    let receiver: ReceiveJob
    let sink: MemoryDisk
    let socket: Socket

    static let size = 2 << 20 + 100

    init() throws {
        job = UUID()
        key = try JobKey.random()
        salt = try Salt.random()
        sink = MemoryDisk.target(size: Self.size)
        var options = ReceiveOptions(streams: 1)
        options.idleTimeout = 20
        receiver = try ReceiveJob(id: job, key: key, disks: [(0, sink)], options: options)
        let (a, b) = try Socket.pair()
        socket = a
        try receiver.attach(stream: 0, socket: b, sender: salt)
    }

    func sealer() throws -> FrameSealer {
        try FrameSealer(key: StreamKey.stream(key, salt: salt, stream: 0, direction: .forward, epoch: 0))
    }

    /// One sealed frame; the header is taken as it is, the payload follows.
    static func frame(_ sealer: FrameSealer, _ header: FrameHeader, _ payload: [UInt8] = []) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64) + payload + [UInt8](repeating: 0, count: 16)
        var header = header
        header.wireLength = UInt32(payload.count)
        try bytes.withUnsafeMutableBytes { bytes in
            guard let p = bytes.baseAddress else { return }
            _ = try sealer.seal(header, at: p)
        }
        return bytes
    }

    func data(_ offset: UInt64 = 0, _ change: (inout FrameHeader) -> Void = { _ in }) -> FrameHeader {
        var header = FrameHeader(.data, job: job)
        header.offset = offset
        header.logicalLength = 65536
        change(&header)
        return header
    }

    static let leaf = [UInt8](repeating: 7, count: 65536)
}

@Suite struct HostilePeerTests {
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Bytes of the disk that are written before the attack shows.
        var written = 0
        let kind: TransferError.Kind
        let bytes: @Sendable (FakeSender, FrameSealer) throws -> [UInt8]
    }

    static func violation(_ error: FrameError) -> TransferError.Kind { .protocolViolation(error) }

    static let attacks: [Attack] = [
        Attack(testDescription: "garbage", kind: violation(.badMagic)) { _, _ in
            (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        },
        Attack(testDescription: "length 2^32-1", kind: violation(.badLength(.data, logical: 65536, wire: .max))) {
            peer, _ in
            FrameHeaderTests.encoded(peer.data { $0.wireLength = .max })
        },
        Attack(testDescription: "length 0", kind: violation(.badLength(.data, logical: 0, wire: 0))) { peer, sealer in
            try FakeSender.frame(sealer, peer.data { $0.logicalLength = 0 })
        },
        Attack(
            testDescription: "past the end",
            kind: violation(.pastEnd(offset: 1 << 30, length: 65536, size: UInt64(FakeSender.size)))
        ) { peer, sealer in
            try FakeSender.frame(sealer, peer.data(1 << 30), FakeSender.leaf)
        },
        Attack(
            testDescription: "zeros past the end",
            kind: violation(.pastEnd(offset: 0, length: 1 << 40, size: UInt64(FakeSender.size)))
        ) { peer, sealer in
            try FakeSender.frame(
                sealer,
                peer.data {
                    $0.kind = .zero
                    $0.logicalLength = 1 << 40
                })
        },
        Attack(testDescription: "another job", kind: violation(.wrongJob)) { peer, sealer in
            try FakeSender.frame(sealer, peer.data { $0.job = UUID() }, FakeSender.leaf)
        },
        Attack(testDescription: "another generation", kind: violation(.wrongEpoch(1))) { peer, sealer in
            try FakeSender.frame(sealer, peer.data { $0.epoch = 1 }, FakeSender.leaf)
        },
        Attack(testDescription: "another disk", kind: violation(.unknownDisk(1))) { peer, sealer in
            try FakeSender.frame(sealer, peer.data { $0.disk = 1 }, FakeSender.leaf)
        },
        Attack(testDescription: "unknown kind", kind: violation(.unknownKind(77))) { peer, sealer in
            var frame = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            frame[5] = 77
            return frame
        },
        Attack(testDescription: "a kind of the other direction", kind: violation(.unexpectedKind(.credit))) {
            peer, sealer in
            try FakeSender.frame(sealer, FrameHeader(.credit, job: peer.job))
        },
        Attack(testDescription: "a reserved kind", kind: violation(.unexpectedKind(.mark))) { peer, sealer in
            try FakeSender.frame(sealer, FrameHeader(.mark, job: peer.job))
        },
        Attack(testDescription: "a zstd bomb", kind: violation(.badCompression)) { peer, sealer in
            let plain = [UInt8](repeating: 0, count: 8 << 20)
            var packed = [UInt8](repeating: 0, count: 65536)
            let size = ZSTD_compress(&packed, packed.count, plain, plain.count, 3)
            return try FakeSender.frame(
                sealer, peer.data { $0.codec = .zstd }, Array(packed.prefix(Int(size))))
        },
        Attack(testDescription: "compressed garbage", kind: violation(.badCompression)) { peer, sealer in
            try FakeSender.frame(sealer, peer.data { $0.codec = .zstd }, [UInt8](repeating: 9, count: 500))
        },
        Attack(testDescription: "another key", kind: violation(.badTag)) { peer, _ in
            let other = try FrameSealer(
                key: StreamKey.stream(peer.key, salt: peer.salt, stream: 1, direction: .forward, epoch: 0))
            return try FakeSender.frame(other, peer.data(), FakeSender.leaf)
        },
        Attack(testDescription: "a flipped bit in the header", kind: violation(.badTag)) { peer, sealer in
            var frame = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            frame[34] ^= 1  // the offset, by one leaf
            return frame
        },
        Attack(testDescription: "a flipped bit in the payload", kind: violation(.badTag)) { peer, sealer in
            var frame = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            frame[30_000] ^= 1
            return frame
        },
        Attack(testDescription: "a flipped bit in the tag", kind: violation(.badTag)) { peer, sealer in
            var frame = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            frame[frame.count - 1] ^= 128
            return frame
        },
        Attack(
            testDescription: "a replayed frame", written: 65536, kind: violation(.outOfSequence(expected: 1, got: 0))
        ) { peer, sealer in
            let frame = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            return frame + frame
        },
        Attack(testDescription: "reordered frames", kind: violation(.outOfSequence(expected: 0, got: 1))) {
            peer, sealer in
            let first = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            return try FakeSender.frame(sealer, peer.data(65536), FakeSender.leaf) + first
        },
        Attack(testDescription: "a range sent twice", written: 65536, kind: violation(.duplicate(disk: 0, offset: 0))) {
            peer, sealer in
            try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
                + FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
        },
        Attack(testDescription: "truncated in a header", kind: .network) { peer, sealer in
            Array(try FakeSender.frame(sealer, peer.data(), FakeSender.leaf).prefix(40))
        },
        Attack(testDescription: "truncated in a payload", kind: .network) { peer, sealer in
            Array(try FakeSender.frame(sealer, peer.data(), FakeSender.leaf).prefix(4000))
        },
        Attack(testDescription: "an end with false counts", written: 65536, kind: violation(.badCounts)) {
            peer, sealer in
            let frame = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            var end = FrameHeader(.end, job: peer.job)
            end.offset = 1
            end.logicalLength = 65537
            return try frame + FakeSender.frame(sealer, end)
        },
        Attack(testDescription: "an end that leaves ranges out", written: 65536, kind: .incomplete) { peer, sealer in
            let frame = try FakeSender.frame(sealer, peer.data(), FakeSender.leaf)
            var end = FrameHeader(.end, job: peer.job)
            end.offset = 1
            end.logicalLength = 65536
            return try frame + FakeSender.frame(sealer, end)
        },
    ]

    @Test("a receiver drops a sender that says what it must not, and writes nothing of it", arguments: attacks)
    func receiver(_ attack: Attack) async throws {
        try await blocking {
            let peer = try FakeSender()
            try Door.write(attack.bytes(peer, try peer.sealer()), to: peer.socket)
            peer.socket.shutDownWriting()
            let error = #expect(throws: TransferError.self) { try peer.receiver.wait() }
            #expect(error?.kind == attack.kind)
            let bytes = peer.sink.bytes
            #expect(bytes.prefix(attack.written).allSatisfy { $0 == 7 })
            #expect(bytes.dropFirst(attack.written).allSatisfy { $0 == 0xdd })
        }
    }

    @Test("a stream can't be attached twice, nor one beyond the last, nor another sender's")
    func attaching() async throws {
        try await blocking {
            let peer = try FakeSender()
            for stream in [UInt16(0), 1] {
                let (a, _) = try Socket.pair()
                #expect(throws: TransferError.self) {
                    try peer.receiver.attach(stream: stream, socket: a, sender: peer.salt)
                }
            }
            peer.receiver.cancel()
            #expect(throws: TransferError.self) { try peer.receiver.wait() }
        }
    }

    struct Reply: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kind: TransferError.Kind
        let bytes: @Sendable (UUID, FrameSealer) throws -> [UInt8]
    }

    static let replies: [Reply] = [
        Reply(testDescription: "garbage", kind: violation(.badMagic)) { _, _ in [UInt8](repeating: 1, count: 500) },
        Reply(testDescription: "credit for what was never sent", kind: violation(.badCounts)) { job, sealer in
            var header = FrameHeader(.credit, job: job)
            header.offset = 1 << 50
            return try FakeSender.frame(sealer, header)
        },
        Reply(testDescription: "an end that confirms too much", kind: violation(.badCounts)) { job, sealer in
            var header = FrameHeader(.end, job: job)
            header.offset = .max
            return try FakeSender.frame(sealer, header)
        },
        Reply(testDescription: "data", kind: violation(.unexpectedKind(.data))) { job, sealer in
            var header = FrameHeader(.data, job: job)
            header.logicalLength = 100
            return try FakeSender.frame(sealer, header, [UInt8](repeating: 0, count: 100))
        },
        Reply(testDescription: "a flipped bit", kind: violation(.badTag)) { job, sealer in
            var frame = try FakeSender.frame(sealer, FrameHeader(.credit, job: job))
            frame[79] ^= 1
            return frame
        },
        Reply(testDescription: "an abort with control characters", kind: .peerAborted) { job, sealer in
            try FakeSender.frame(sealer, FrameHeader(.abort, job: job), Array("\u{1b}[2Jno space".utf8))
        },
    ]

    @Test("a sender drops a receiver that says what it must not", arguments: replies)
    func sender(_ reply: Reply) async throws {
        try await blocking {
            let source = MemoryDisk([UInt8](repeating: 3, count: 30 << 20))
            let (job, key, salt) = (UUID(), try JobKey.random(), try Salt.random())
            var options = SendOptions(streams: 1)
            options.compression = .off
            options.window = 4 << 20
            let send = try SendJob(id: job, key: key, disks: [(0, source)], options: options)
            let (a, b) = try Socket.pair()
            try send.addTarget(id: "hostile", salt: salt, sockets: [a])
            let sealer = try FrameSealer(
                key: StreamKey.stream(key, salt: salt, stream: 0, direction: .backward, epoch: 0))
            try Door.write(reply.bytes(job, sealer), to: b)
            let error = #expect(throws: TransferError.self) { try send.run() }
            #expect(error?.kind == .allTargetsFailed)
            #expect((error?.underlying as? TransferError)?.kind == reply.kind)
            #expect(error?.message.contains("\u{1b}") == false)
        }
    }
}
