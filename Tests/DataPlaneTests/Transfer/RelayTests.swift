import FoundationEssentials
import Testing

@testable import DataPlane

@Suite("Receivers that pass streams on", .timeLimit(.minutes(5)))
struct RelayTests {
    static let size = 40 << 20 + 77

    @Test("a chain gives every receiver the same bytes, with one reading of the source", arguments: [1, 3])
    func chain(streams: Int) async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 7)
            let sinks = (0..<4).map { _ in MemoryDisk.target(size: Self.size) }
            let rig = try ChainRig(source: source, sinks: sinks, streams: streams)
            let (sent, received) = rig.run()
            let report = try sent.get()
            #expect(report.targets.map(\.id) == ["receiver 0"])
            for (sink, result) in zip(sinks, received) {
                #expect(try result.get().logicalBytes == UInt64(Self.size))
                #expect(sink.bytes == source.bytes)
            }
            #expect(rig.receivers.map { $0.relayedBytes > 0 } == [true, true, true, false])
            #expect(report.targets[0].wireBytes == rig.receivers[2].relayedBytes)
        }
    }

    @Test("a receiver in the middle is lost: those below get a new parent, then only what they lack")
    func lostRelay() async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 8)
            let rigs = Gate<ChainRig?>(nil)
            let isCut = Gate(false)
            // The second receiver dies when a quarter has come, and the third is joined to the first.
            let middle = MemoryDisk.target(
                size: Self.size,
                beforeWrite: { offset in
                    guard offset > UInt64(Self.size / 4) else { return }
                    let isFirst = isCut.update { isCut in
                        defer { isCut = true }
                        return !isCut
                    }
                    guard isFirst, let rig = rigs.wait({ $0 }) else { return }
                    rig.receivers[1].cancel()
                })
            let sinks = [MemoryDisk.target(size: Self.size), middle, MemoryDisk.target(size: Self.size)]
            let rig = try ChainRig(source: source, sinks: sinks)
            rig.receivers[2].onLost(
                link: { link, _ in
                    // Where the stream has ended meanwhile, a repair brings the rest.
                    _ = try? rig.join(2, below: 0, generation: 1, streams: [Int(link.stream)])
                }, child: { _, _, _ in })
            rigs.update { $0 = rig }
            let repaired = Gate(UInt64(0))
            let helper = try WorkerThread(name: "test-repair") {
                for generation in 2..<200 {
                    sleepNanoseconds(20_000_000)
                    let lacks = rig.receivers[2].missing(limit: 10)[0] ?? []
                    if lacks.isEmpty { return }
                    guard rig.receivers[2].activeLinks == 0, rig.receivers[0].missing(limit: 1)[0] == [] else {
                        continue
                    }
                    let report = try? rig.repair(2, from: sinks[0], generation: generation)
                    repaired.update { $0 += report?.dataBytes ?? 0 }
                }
            }
            let (sent, received) = rig.run()
            helper.join()
            rigs.update { $0 = nil }
            #expect(throws: Never.self) { try sent.get() }
            #expect(throws: TransferError.self) { try received[1].get() }
            #expect(sinks[0].bytes == source.bytes)
            #expect(try received[2].get().logicalBytes == UInt64(Self.size))
            #expect(sinks[2].bytes == source.bytes)
            // Most of it came over the new link.
            #expect(repaired.update { $0 } < UInt64(Self.size / 2))
        }
    }

    @Test("a child that may lag holds nobody up, and a repair brings what it lacks", arguments: [-1, 0])
    func lagging(below parent: Int) async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 11)
            let slow = MemoryDisk.target(size: Self.size, beforeWrite: { _ in sleepNanoseconds(40_000_000) })
            let sinks = [MemoryDisk.target(size: Self.size), slow]
            let rig = try ChainRig(source: source, sinks: sinks, joins: false)
            try rig.join(0, below: -1)
            try rig.join(1, below: parent, TargetTerms(mayLag: true))
            let helper = try rig.keepRepairing(1, from: sinks[0])
            let (sent, received) = rig.run()
            helper.join()
            #expect(try sent.get().disks[0].root == plainRoot(source.bytes))
            for (sink, result) in zip(sinks, received) {
                #expect(try result.get().logicalBytes == UInt64(Self.size))
                #expect(sink.bytes == source.bytes)
            }
        }
    }

    @Test("a child that may lag and doesn't gets each frame once, the last one too")
    func laggingInTime() async throws {
        try await blocking {
            // One frame, which a socket takes at once.
            let source = MemoryDisk.random(size: 60_000, seed: 13)
            let sinks = (0..<2).map { _ in MemoryDisk.target(size: 60_000) }
            let rig = try ChainRig(source: source, sinks: sinks, streams: 1, joins: false)
            try rig.join(0, below: -1)
            try rig.join(1, below: -1, TargetTerms(mayLag: true))
            let (sent, received) = rig.run()
            #expect(try sent.get().targets.map(\.wireBytes) == received.map { try $0.get().wireBytes })
            #expect(sinks[1].bytes == source.bytes)
        }
    }

    @Test("a receiver that got the rest by a repair lets its children go, and takes no new ones")
    func completeByRepair() async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 12)
            let sinks = (0..<2).map { _ in MemoryDisk.target(size: Self.size) }
            let rig = try ChainRig(source: source, sinks: sinks, joins: false)
            try rig.join(1, below: 0)
            let lost = Gate(0)
            rig.receivers[1].onLost(link: { _, _ in lost.update { $0 += 1 } }, child: { _, _, _ in })
            let first = try WorkerThread(name: "test") { _ = try? rig.receivers[0].wait() }
            let second = try WorkerThread(name: "test") { _ = try? rig.receivers[1].wait() }
            // The whole disk, from another origin than the job's.
            _ = try rig.repair(0, from: source, generation: 1)
            first.join()
            #expect(lost.wait(until: monotonicNanoseconds() + 10_000_000_000) { $0 == 2 ? true : nil } == true)
            #expect(throws: TransferError.self) { try rig.join(1, below: 0, generation: 2) }
            rig.receivers[1].cancel()
            second.join()
            #expect(sinks[0].bytes == source.bytes)
        }
    }

    @Test("a sender without targets reads on for its digests, once nobody is expected")
    func dry() async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 9)
            let sink = MemoryDisk.target(
                size: Self.size, beforeWrite: { offset in if offset > 1 << 20 { throw DiskFault(text: "ENOSPC") } })
            let rig = try ChainRig(source: source, sinks: [sink], waits: 60)
            rig.send.onLost { _, _, _ in }
            rig.send.runDry()
            let (sent, received) = rig.run()
            #expect(try sent.get().disks[0].root == plainRoot(source.bytes))
            #expect(throws: TransferError.self) { try received[0].get() }
        }
    }

    @Test("a link number is taken once")
    func linkTwice() throws {
        let rig = try ChainRig(source: MemoryDisk([1]), sinks: [MemoryDisk.target(size: 1)])
        let (_, b) = try Socket.pair()
        #expect(throws: TransferError.self) {
            try rig.receivers[0].attach(link: LinkNumber(raw: 0), socket: b, sender: rig.send.salt)
        }
        rig.receivers[0].cancel()
        #expect(LinkNumber(stream: 64) == nil && LinkNumber(stream: 0, generation: 1024) == nil)
        #expect(LinkNumber(stream: 63, generation: 1023)?.raw == .max)
    }
}
