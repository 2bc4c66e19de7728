import FoundationEssentials
import Synchronization
import Testing

@testable import DataPlane

/// Jobs that send parts of disks: what a target lacks.
@Suite("Sending what is missing", .serialized, .timeLimit(.minutes(5)))
struct SendRangesTests {
    private static let size = 2 * Geometry.unit + 5 * Geometry.leaf + 77

    private static func ranges(_ seed: UInt64) throws -> LeafRanges {
        var generator = Seeded(seed)
        var ranges: [Range<UInt64>] = []
        var leaf = 0
        while leaf < Geometry.leaves(in: size) {
            let start = leaf + Int.random(in: 0...200, using: &generator)
            let end = start + Int.random(in: 1...150, using: &generator)
            guard start < Geometry.leaves(in: size) else { break }
            ranges.append(UInt64(start * Geometry.leaf)..<UInt64(min(end * Geometry.leaf, size)))
            leaf = end + 1
        }
        return try LeafRanges(ranges, size: UInt64(size))
    }

    private static func complement(_ ranges: LeafRanges) throws -> LeafRanges {
        var rest: [Range<UInt64>] = []
        var at: UInt64 = 0
        for range in ranges.ranges {
            rest.append(at..<range.lowerBound)
            at = range.upperBound
        }
        return try LeafRanges(rest + [at..<UInt64(size)], size: UInt64(size))
    }

    /// A target that has all but `ranges`.
    private static func target(of source: MemoryDisk, lacking ranges: LeafRanges) -> MemoryDisk {
        var bytes = source.bytes
        bytes.withUnsafeMutableBytes { raw in
            for range in ranges.ranges {
                _ = raw[Int(range.lowerBound)..<Int(range.upperBound)].initializeMemory(as: UInt8.self, repeating: 0xdd)
            }
        }
        return MemoryDisk(bytes)
    }

    @Test(
        "A target gets just what it lacks, and the root is that of the whole disk", arguments: 0..<8 as Range<UInt64>)
    func parts(_ seed: UInt64) async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: seed)
            let ranges = try Self.ranges(seed + 100)
            let sink = Self.target(of: source, lacking: ranges)
            let streams = 1 + Int(seed % 3)
            var options = ReceiveOptions(streams: streams)
            options.survivesLostLinks = true
            options.verifyThreads = 1
            var sending = SendOptions(streams: streams)
            sending.frameSize = seed % 2 == 0 ? 1 << 20 : 256 << 10
            let rig = try Rig(sources: [source], targets: [[sink]], send: sending, receive: options)
            try rig.receivers[0].keep(try Self.complement(ranges), disk: 0)
            let received = Gate<Result<ReceiveReport, TransferError>?>(nil)
            let thread = try WorkerThread(name: "test") {
                let result = Result { () throws(TransferError) in try rig.receivers[0].wait() }
                received.update { $0 = result }
            }
            let sent = try rig.send.run([ranges])
            thread.join()
            let report = try #require(received.update { $0 }).get()
            expectEqual(sink.bytes, source.bytes, in: 0..<source.size)
            #expect(try sent.disks[0].root == plainRoot(source.bytes))
            #expect(try rig.receivers[0].verify().roots == [plainRoot(source.bytes)])
            #expect(sent.logicalBytes == ranges.bytes)
            #expect(report.logicalBytes == UInt64(Self.size))
            #expect(report.dataBytes + report.zeroBytes == ranges.bytes)
        }
    }

    @Test("Nothing to send and nobody to send to: the disk is read for its root all the same")
    func nothing() async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 3)
            var options = SendOptions(streams: 2)
            options.awaitsTargets = 60
            let job = try SendJob(id: UUID(), key: try JobKey.random(), disks: [(0, source)], options: options)
            job.runDry()
            let report = try job.run([LeafRanges()])
            #expect(try report.disks[0].root == plainRoot(source.bytes))
            #expect(report.logicalBytes == 0)
            #expect(report.hashedBytes > 0)
        }
    }

    @Test("A disk whose parts were read before is not read again: a log knows their digests")
    func known() async throws {
        try await blocking {
            let folder = try TestFolder()
            let reads = Mutex<Set<UInt64>>([])
            let bytes = MemoryDisk.random(size: Self.size, seed: 5).bytes
            let source = MemoryDisk(
                bytes, beforeRead: { offset in reads.withLock { _ = $0.insert(offset / Geometry.unit64) } })
            func run(_ ranges: LeafRanges) throws -> SendReport {
                var options = SendOptions(streams: 1)
                options.awaitsTargets = 60
                let log = try UnitDigestLog(path: folder.file("log"), generation: [1], size: source.size)
                let job = try SendJob(
                    id: UUID(), key: try JobKey.random(), disks: [(0, source)], options: options, logs: [log])
                job.runDry()
                return try job.run([ranges])
            }
            let first = try run(LeafRanges())
            #expect(first.knownBytes == 0)
            reads.withLock { $0 = [] }
            let unit = try LeafRanges([Geometry.unit64..<(2 * Geometry.unit64)], size: source.size)
            let second = try run(unit)
            #expect(second.disks[0].root == first.disks[0].root)
            #expect(second.hashedBytes == 0)
            #expect(second.knownBytes > 0)
            #expect(reads.withLock { $0 }.isSubset(of: [1]))
            withExtendedLifetime(folder) {}
        }
    }

    @Test("Leaves of two disks are compared: those that are the same are found", arguments: 0..<8 as Range<UInt64>)
    func same(_ seed: UInt64) throws {
        let source = MemoryDisk.random(size: Self.size, seed: seed)
        let ranges = try Self.ranges(seed)
        let changed = try Self.ranges(seed + 50)
        var bytes = source.bytes
        for range in changed.ranges { bytes[Int(range.lowerBound)] ^= 1 }
        let digests = try LeafDigests.of(MemoryDisk(bytes), ranges)
        let same = try LeafDigests.same(source, ranges, as: digests)
        for range in ranges.ranges {
            for leaf in stride(from: range.lowerBound, to: range.upperBound, by: Geometry.leaf) {
                #expect(same.contains(leaf) == !changed.ranges.contains { $0.lowerBound == leaf })
            }
        }
        #expect(throws: TransferError.self) { try LeafDigests.same(source, ranges, as: Array(digests.dropLast())) }
    }
}
