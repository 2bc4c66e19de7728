import Glibc
import Testing

@testable import DataPlane

/// Receive jobs that end in the middle, by a kill or a loss of power, and others that go on.
@Suite("Receiving that is interrupted", .serialized, .timeLimit(.minutes(3)))
struct InterruptedReceiveTests {
    private static let size = 3 * Geometry.unit + 4 * Geometry.leaf + 99

    /// Receives with a journal until so many bytes have come, then stops without a word.
    static func run(
        _ source: MemoryDisk, into sink: any DiskSink, _ journal: ResumeJournal, until stop: UInt64, seed: UInt64
    ) throws {
        var options = ReceiveOptions(streams: 2)
        options.commitBytes = [1 << 20, 20 << 20, 1 << 40][Int(seed % 3)]
        options.commitInterval = seed % 2 == 0 ? 0.002 : 60
        options.idleTimeout = 30
        var sending = SendOptions(streams: 2)
        sending.frameSize = 256 << 10
        let key = try JobKey.random()
        let send = try SendJob(id: .init(), key: key, disks: [(0, source)], options: sending)
        let receive = try ReceiveJob(
            id: send.id, key: key, disks: [(0, sink)], options: options, journals: [0: journal])
        var sockets: [Socket] = []
        for stream in 0..<2 {
            let (a, b) = try Socket.pair()
            sockets.append(a)
            try receive.attach(stream: UInt16(stream), socket: b, sender: send.salt)
        }
        try send.addTarget(id: "target", salt: receive.salt, sockets: sockets)
        let sender = try WorkerThread(name: "test") { _ = try? send.run() }
        let hasEnded = CancelFlag()
        let watch = try WorkerThread(name: "test") {
            while !hasEnded.isSet, receive.progress.logicalBytes < stop { usleep(200) }
            receive.cancel()
        }
        let result = Result { () throws(TransferError) in try receive.wait() }
        hasEnded.set()
        send.cancel()
        watch.join()
        sender.join()
        if case .failure(let error) = result, error.kind != .cancelled { throw error }
    }

    @Test(
        "Whatever is called durable is there after a loss of power, and the job can be finished",
        arguments: 0..<16 as Range<UInt64>)
    func powerLoss(_ seed: UInt64) async throws {
        try await blocking {
            let folder = try TestFolder()
            let root = try folder.pool()
            let source = MemoryDisk.random(size: Self.size, seed: seed)
            let sink = PowerLossDisk(size: Self.size, seed: seed)
            let subject = ResumeJournal.Subject.test(size: UInt64(Self.size))
            let file = try root.createTemporary(operation: "OP", number: 0)
            let journal = try ResumeJournal.create(for: file, subject, in: root)
            _ = try FileSink(file, size: UInt64(Self.size))
            var generator = Seeded(seed)
            let stop = UInt64.random(in: 1...UInt64(Self.size), using: &generator)
            try Self.run(source, into: sink, journal, until: stop, seed: seed)

            let isPowerLost = seed % 4 != 3
            let left = isPowerLost ? sink.losePower() : sink.bytes
            let found = try #require(try KeptFile.find(subject, final: try FileName("disk"), in: root))
            for range in found.durable.ranges {
                expectEqual(left, source.bytes, in: range)
            }
            // The next run: the tail is compared, the rest is sent.
            let second = MemoryDisk(left)
            let tail = try KeptFile.tail(of: second, outside: found.durable, mostLeaves: 100_000)
            let same = try LeafDigests.same(source, tail, as: try LeafDigests.of(second, tail))
            try Self.finish(source, second, keeping: [found.durable, same], found.journal)
            expectEqual(second.bytes, source.bytes, in: 0..<source.size)
            #expect(
                try KeptFile.find(subject, final: try FileName("disk"), in: root)?.durable.bytes == UInt64(Self.size))
        }
    }

    static func finish(
        _ source: MemoryDisk, _ sink: any DiskSink, keeping kept: [LeafRanges], _ journal: ResumeJournal
    ) throws {
        var options = ReceiveOptions(streams: 1)
        options.survivesLostLinks = true
        let key = try JobKey.random()
        let send = try SendJob(id: .init(), key: key, disks: [(0, source)], options: SendOptions(streams: 1))
        let receive = try ReceiveJob(
            id: send.id, key: key, disks: [(0, sink)], options: options, journals: [0: journal])
        for ranges in kept { try receive.keep(ranges, disk: 0) }
        let missing = try LeafRanges(receive.missing(limit: 10_000)[0] ?? [], size: source.size)
        let before = kept.reduce(0) { $0 + $1.bytes }
        #expect(missing.bytes == source.size - before)
        let (a, b) = try Socket.pair()
        try receive.attach(stream: 0, socket: b, sender: send.salt)
        try send.addTarget(id: "target", salt: receive.salt, sockets: [a])
        let thread = try WorkerThread(name: "test") { _ = try? send.run([missing]) }
        let report = try receive.wait()
        thread.join()
        #expect(report.dataBytes + report.zeroBytes == missing.bytes)
    }

    @Test("A job that is told to suspend makes durable what has come", arguments: [false, true])
    func suspend(hasRun: Bool) async throws {
        try await blocking {
            let folder = try TestFolder()
            let root = try folder.pool()
            let subject = ResumeJournal.Subject.test(size: UInt64(Self.size))
            let file = try root.createTemporary(operation: "OP", number: 0)
            let journal = try ResumeJournal.create(for: file, subject, in: root)
            let sink = try FileSink(file, size: UInt64(Self.size))
            let source = MemoryDisk.random(size: Self.size, seed: 1)
            let key = try JobKey.random()
            let send = try SendJob(id: .init(), key: key, disks: [(0, source)], options: SendOptions(streams: 1))
            let receive = try ReceiveJob(
                id: send.id, key: key, disks: [(0, sink)], options: ReceiveOptions(streams: 1), journals: [0: journal])
            let (a, b) = try Socket.pair()
            try receive.attach(stream: 0, socket: b, sender: send.salt)
            try send.addTarget(id: "target", salt: receive.salt, sockets: [a])
            let sender = try WorkerThread(name: "test") { _ = try? send.run() }
            if hasRun {
                _ = try receive.wait()
            } else {
                while receive.progress.logicalBytes < 2 * Geometry.unit64 + 1 { usleep(200) }
            }
            let kept = try receive.suspend()
            send.cancel()
            sender.join()
            let durable = try #require(try KeptFile.find(subject, final: try FileName("disk"), in: root)).durable
            #expect(hasRun ? kept == UInt64(Self.size) : kept >= 2 * Geometry.unit64)
            // All but the units that were under way.
            #expect(durable.bytes <= kept && kept - durable.bytes <= Geometry.unit64)
        }
    }

    @Test("A job that has everything from the beginning ends well without a link")
    func complete() async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 2)
            var options = ReceiveOptions(streams: 2)
            options.survivesLostLinks = true
            options.verifyThreads = 1
            let receive = try ReceiveJob(
                id: .init(), key: try JobKey.random(), disks: [(0, MemoryDisk(source.bytes))], options: options)
            try receive.keep(try LeafRanges([0..<source.size], size: source.size), disk: 0)
            #expect(try receive.wait().logicalBytes == source.size)
            #expect(try receive.verify().roots == [plainRoot(source.bytes)])
        }
    }
}
