import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import DataPlane

@Suite struct TransferTests {
    struct Setup: Sendable, CustomTestStringConvertible {
        var streams = 2
        var compression = CompressionMode.auto
        var frameSize = Geometry.maxFrame
        var targets = 1
        var seed: UInt64 = 1

        var testDescription: String {
            "\(streams) streams, \(compression), frames of \(frameSize), \(targets) targets, seed \(seed)"
        }

        var options: SendOptions {
            var options = SendOptions(streams: streams)
            options.compression = compression
            options.frameSize = frameSize
            return options
        }
    }

    static let setups: [Setup] =
        (0..<12).map { Setup(streams: 1 + Int($0 % 3), seed: $0) }
        + [CompressionMode.off, .zstd(level: -5), .zstd(level: 3)].map { Setup(compression: $0, seed: 77) }
        + [65536, 131_072, 262_144].map { Setup(frameSize: $0, seed: 78) }
        + [2, 3, 8].map { Setup(targets: $0, seed: 79) }
        + [Setup(streams: 8, compression: .zstd(level: 1), targets: 2, seed: 80)]

    @Test("sparse disks arrive bit-identical at every target, with equal roots", arguments: setups)
    func identical(_ setup: Setup) async throws {
        try await blocking {
            let sizes = [18 << 20 + 4096 * 3 + 5, 3 << 20, 300]
            let sources = sizes.enumerated().map {
                MemoryDisk.random(size: $0.element, seed: setup.seed * 10 + UInt64($0.offset))
            }
            let targets = (0..<setup.targets).map { _ in sizes.map { MemoryDisk.target(size: $0) } }
            let rig = try Rig(sources: sources, targets: targets, send: setup.options)
            let (sent, received) = rig.run()
            let report = try sent.get()
            #expect(report.logicalBytes == UInt64(sizes.reduce(0, +)))
            #expect(report.dataBytes + report.zeroBytes == report.logicalBytes)
            for (result, sinks) in zip(received, targets) {
                #expect(try result.get().logicalBytes == report.logicalBytes)
                for (source, sink) in zip(sources, sinks) {
                    #expect(source.bytes == sink.bytes)
                    #expect(sink.misalignedWrites == 0)
                }
            }
            for (disk, source) in zip(report.disks, sources) {
                #expect(try disk.root == plainRoot(source.bytes))
            }
            for (target, result) in zip(report.targets, received) {
                #expect(target.failure == nil)
                #expect(try result.get().wireBytes == target.wireBytes)
            }
        }
    }

    @Test("tiny disks", arguments: [0, 1, 511, 4096, 65535, 65536, 65537])
    func tiny(size: Int) async throws {
        try await blocking {
            for fill in [UInt8(0), 9] {
                let source = MemoryDisk([UInt8](repeating: fill, count: size))
                let sink = MemoryDisk.target(size: size)
                let (sent, received) = try Rig(sources: [source], targets: [[sink]]).run()
                #expect(try sent.get().disks[0].root == plainRoot(source.bytes))
                #expect(try received[0].get().logicalBytes == UInt64(size))
                #expect(sink.bytes == source.bytes)
            }
        }
    }

    @Test(
        "what is read back while it comes has the sender's roots; a disk that lies has not", arguments: [false, true])
    func rolling(lies: Bool) async throws {
        try await blocking {
            let sizes = [36 << 20 + 77, 3 << 20, 0]
            let sources = sizes.enumerated().map { MemoryDisk.random(size: $0.element, seed: UInt64($0.offset) + 20) }
            let liar = Gate<MemoryDisk?>(nil)
            let first = MemoryDisk(
                [UInt8](repeating: 0xdd, count: sizes[0]),
                beforeRead: { offset in
                    liar.update { disk in
                        disk?.flip(at: Int(offset))
                        disk = nil
                    }
                })
            let targets = [first] + sizes.dropFirst().map { MemoryDisk.target(size: $0) }
            if lies { liar.update { $0 = first } }
            var options = ReceiveOptions()
            options.verifyThreads = 3
            let rig = try Rig(sources: sources, targets: [targets], receive: options)
            let (sent, received) = rig.run()
            let (report, got) = (try sent.get(), try received[0].get())
            #expect(got.logicalBytes == UInt64(sizes.reduce(0, +)))
            let read = try rig.receivers[0].verify()
            #expect((read.roots == report.disks.map(\.root)) == !lies)
            #expect(rig.receivers[0].readBack?.disks == sizes.map { UInt64($0) })
        }
    }

    @Test("100 GiB of nothing cost one frame and no read")
    func empty() async throws {
        try await blocking {
            let (source, sink) = (EmptyDisk(size: 100 << 30), EmptyDisk(size: 100 << 30))
            let (sent, received) = try Rig(sources: [source], targets: [[sink]], send: SendOptions(streams: 1)).run()
            let report = try sent.get()
            #expect(report.frames == 2)
            #expect(report.zeroBytes == 100 << 30)
            #expect(try received[0].get().wireBytes == 160)
            #expect(source.reads.load(ordering: .relaxed) == 0)
            #expect(sink.zeroed.load(ordering: .relaxed) == 100 << 30)
            #expect(sink.zeroCalls.load(ordering: .relaxed) == 1)
            let verified = try ReadBackVerifier(disks: [(0, try sink.readBack())]).run()
            #expect(verified == [report.disks[0].root])
        }
    }

    @Test("zeros that the extents don't tell of are found and not sent")
    func hiddenZeros() async throws {
        try await blocking {
            var bytes = [UInt8](repeating: 0, count: 8 << 20)
            bytes[5 << 20] = 1
            let source = MemoryDisk(bytes, granule: 8 << 20)
            let sink = MemoryDisk.target(size: bytes.count)
            let report = try Rig(sources: [source], targets: [[sink]]).run().sent.get()
            #expect(report.dataBytes == 65536)
            #expect(sink.bytes == bytes)
        }
    }

    @Test("compressible data shrinks at a fixed level, other data goes as it is")
    func compression() async throws {
        try await blocking {
            let text = MemoryDisk([UInt8](repeating: 3, count: 8 << 20))
            var generator = Seeded(3)
            let noise = MemoryDisk((0..<(1 << 20)).map { _ in UInt8.random(in: 0...255, using: &generator) })
            for (disk, isSmaller) in [(text, true), (noise, false)] {
                let sink = MemoryDisk.target(size: Int(disk.size))
                var options = SendOptions(streams: 1)
                options.compression = .zstd(level: 1)
                let report = try Rig(sources: [disk], targets: [[sink]], send: options).run().sent.get()
                #expect((report.targets[0].wireBytes < disk.size / 4) == isSmaller)
                #expect(sink.bytes == disk.bytes)
            }
        }
    }

    @Test("compression starts by itself when the link is slow")
    func automatic() async throws {
        try await blocking {
            let source = MemoryDisk([UInt8](repeating: 3, count: 16 << 20))
            let sink = MemoryDisk.target(size: 16 << 20)
            var options = SendOptions(streams: 1)
            options.limiter = RateLimiter(bytesPerSecond: 10 << 20)
            let report = try Rig(sources: [source], targets: [[sink]], send: options).run().sent.get()
            #expect(report.targets[0].wireBytes < 12 << 20)
            #expect(sink.bytes == source.bytes)
        }
    }

    @Test("works over TCP with listener and dialler, whoever dials", arguments: [Role.sender, .receiver])
    func tcp(dialling: Role) async throws {
        try await blocking {
            let source = MemoryDisk.random(size: 30 << 20, seed: 5)
            let sink = MemoryDisk.target(size: 30 << 20)
            let (id, key) = (UUID(), try JobKey.random())
            let send = try SendJob(id: id, key: key, disks: [(0, source)], options: SendOptions(streams: 2))
            let receive = try ReceiveJob(id: id, key: key, disks: [(0, sink)], options: ReceiveOptions(streams: 2))
            let handshake = send.handshake(receiver: receive.salt)
            let listener = try Listener(address: "127.0.0.1", ports: 0...0)
            defer { listener.close() }
            let accepted = Gate<[UInt16: Socket]>([:])
            listener.expect(handshake, as: dialling.peer, links: [0, 1]) { link, socket in
                accepted.update { $0[link.raw] = socket }
            }
            var dialled: [UInt16: Socket] = [:]
            for stream in UInt16(0)..<2 {
                let socket = try Dialer.connect(to: listener.endpoint)
                try handshake.dial(socket, link: LinkNumber(raw: stream), as: dialling)
                dialled[stream] = socket
            }
            let others = try #require(accepted.wait { $0.count == 2 ? $0 : nil })
            let (ours, theirs) = dialling == .sender ? (dialled, others) : (others, dialled)
            try send.addTarget(
                id: "there", salt: receive.salt, sockets: [try #require(ours[0]), try #require(ours[1])])
            for (stream, socket) in theirs { try receive.attach(stream: stream, socket: socket, sender: send.salt) }
            _ = try send.run()
            _ = try receive.wait()
            #expect(sink.bytes == source.bytes)
            #expect(
                send.progress
                    == TransferProgress(
                        logicalBytes: 30 << 20, totalBytes: 30 << 20, wireBytes: receive.progress.wireBytes,
                        dataBytes: receive.progress.dataBytes, disks: []))
            #expect(receive.progress.disks == [30 << 20])
        }
    }

    @Test("no more than the window is ever unconsumed")
    func window() async throws {
        try await blocking {
            let source = MemoryDisk([UInt8](repeating: 3, count: 24 << 20))
            let held = Gate(false)
            let sink = MemoryDisk.target(size: 24 << 20, beforeWrite: { _ in _ = held.wait { $0 ? true : nil } })
            var options = SendOptions(streams: 1)
            options.window = 4 << 20
            options.compression = .off
            let rig = try Rig(sources: [source], targets: [[sink]], send: options)
            let watcher = try WorkerThread(name: "test-watch") {
                // Long enough for the sender to have sent all that it may while the sink holds everything up.
                var last: UInt64 = 0
                var still = 0
                while still < 10 {
                    sleepNanoseconds(20_000_000)
                    let now = rig.send.progress.wireBytes
                    still = now == last && now > 0 ? still + 1 : 0
                    last = now
                }
                #expect(last <= 4 << 20)
                held.update { $0 = true }
            }
            let (sent, _) = rig.run()
            watcher.join()
            _ = try sent.get()
            #expect(sink.bytes == source.bytes)
        }
    }

    @Test("a limit is kept over all streams, and may be changed on the way")
    func limit() async throws {
        try await blocking {
            let source = MemoryDisk([UInt8](repeating: 3, count: 3 << 20))
            let sink = MemoryDisk.target(size: 3 << 20)
            let clock = Mutex<UInt64>(0)
            let slept = Mutex<UInt64>(0)
            let limiter = RateLimiter(
                bytesPerSecond: 1 << 20, now: { clock.withLock { $0 } },
                sleep: { n in
                    clock.withLock { $0 += n }
                    slept.withLock { $0 += n }
                })
            var options = SendOptions(streams: 2)
            options.limiter = limiter
            options.compression = .off
            let report = try Rig(sources: [source], targets: [[sink]], send: options).run().sent.get()
            let seconds = Double(slept.withLock { $0 }) / 1e9
            let wanted = Double(report.targets[0].wireBytes) / Double(1 << 20)
            #expect(seconds >= wanted - 0.2 && seconds <= wanted * 2 + 0.2)
            #expect(sink.bytes == source.bytes)
        }
    }
}
