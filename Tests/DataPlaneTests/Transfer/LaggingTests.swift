import Testing

@testable import DataPlane

/// Targets that turn out slower than they were planned to be.
@Suite("Targets slower than planned", .timeLimit(.minutes(5)), .serialized)
struct LaggingTests {
    static let size = 24 << 20

    @Test("one that holds the others up is left behind, and a repair brings what it lacks", arguments: [-1, 0])
    func leftBehind(below parent: Int) async throws {
        try await blocking {
            let source = MemoryDisk.random(size: Self.size, seed: 21)
            let slow = MemoryDisk.target(size: Self.size, beforeWrite: { _ in sleepNanoseconds(20_000_000) })
            let sinks = [MemoryDisk.target(size: Self.size), slow]
            // 10 s are over in 50 ms.
            let rig = try ChainRig(source: source, sinks: sinks, joins: false, timeLapse: 200)
            let told = Gate<[String]>([])
            rig.send.onLag { child in told.update { $0.append(child) } }
            rig.receivers[0].onLost(
                link: { _, _ in }, child: { _, _, _ in }, lag: { child in told.update { $0.append(child) } })
            try rig.join(0, below: -1)
            try rig.join(1, below: parent, TargetTerms(due: 1 << 40))
            let helper = try rig.keepRepairing(1, from: sinks[0])
            let (sent, received) = rig.run()
            helper.join()
            #expect(try sent.get().disks[0].root == plainRoot(source.bytes))
            for (sink, result) in zip(sinks, received) {
                #expect(try result.get().logicalBytes == UInt64(Self.size))
                expectEqual(sink.bytes, source.bytes, in: 0..<UInt64(Self.size))
            }
            #expect(told.update { $0 } == ["receiver 1"])
        }
    }

    @Test("one that is as fast as planned is waited for, and so is one of which nothing is known", arguments: [1, nil])
    func waitedFor(due: UInt64?) async throws {
        try await blocking {
            let source = MemoryDisk.random(size: 4 << 20, seed: 22)
            let slow = MemoryDisk.target(size: 4 << 20, beforeWrite: { _ in sleepNanoseconds(5_000_000) })
            let sinks = [MemoryDisk.target(size: 4 << 20), slow]
            let rig = try ChainRig(source: source, sinks: sinks, joins: false, timeLapse: 2000)
            let told = Gate<[String]>([])
            rig.send.onLag { child in told.update { $0.append(child) } }
            try rig.join(0, below: -1)
            // In that time at most a few bytes are due.
            try rig.join(1, below: -1, TargetTerms(due: due))
            let (sent, received) = rig.run()
            #expect(try sent.get().targets.allSatisfy { $0.failure == nil })
            for result in received { #expect(try result.get().logicalBytes == 4 << 20) }
            #expect(told.update { $0 } == [])
        }
    }

    @Test("the only target of a sender is never left behind")
    func alone() async throws {
        try await blocking {
            let source = MemoryDisk.random(size: 4 << 20, seed: 23)
            let slow = MemoryDisk.target(size: 4 << 20, beforeWrite: { _ in sleepNanoseconds(10_000_000) })
            let rig = try ChainRig(source: source, sinks: [slow], joins: false, timeLapse: 2000)
            try rig.join(0, below: -1, TargetTerms(due: 1 << 40))
            let (_, received) = rig.run()
            #expect(try received[0].get().logicalBytes == 4 << 20)
        }
    }

    private static let second: UInt64 = 1_000_000_000

    @Test("it takes a whole span of 10 s with over 30 % of waiting and under 70 % of what is due")
    func share() {
        let (second, due) = (Self.second, UInt64(100))
        func verdict(waited: Double, sent: UInt64, seconds: UInt64 = 10) -> Bool {
            var share = WaitShare()
            _ = share.isTooSlow(now: 5 * second, sent: 50, due: due)
            share.add(UInt64(waited * 1e9))
            return share.isTooSlow(now: (5 + seconds) * second, sent: 50 + sent, due: due)
        }
        #expect(verdict(waited: 3.1, sent: 690))
        #expect(!verdict(waited: 2.9, sent: 690))
        #expect(!verdict(waited: 3.1, sent: 710))
        #expect(!verdict(waited: 9, sent: 0, seconds: 9))
    }

    @Test("patience counts spans in a row")
    func patience() {
        let second = Self.second
        var share = WaitShare(patience: 2)
        _ = share.isTooSlow(now: 0, sent: 0, due: 100)
        let waits: [UInt64] = [5, 0, 5, 5]
        let verdicts = waits.enumerated().map { number, waited in
            share.add(waited * second)
            return share.isTooSlow(now: UInt64(number + 1) * 10 * second, sent: 0, due: 100)
        }
        #expect(verdicts == [false, false, false, true])
    }

    @Test("what a budget leaves counts, where that is less than was planned, and not what was planned")
    func limited() throws {
        let (near, _) = try Socket.pair()
        let links = (0..<2).compactMap { LinkNumber(stream: $0) }.map { ($0, near) }
        let target = SendTarget(
            id: "t", salt: try .random(), links: links, terms: TargetTerms(due: 1000, rate: 400), onLost: nil)
        #expect(target.due == 200)
        target.limiter.setRate(nil)
        #expect(target.due == 500)
        target.limiter.setRate(5000)
        #expect(target.due == 500)
        let other = SendTarget(id: "t", salt: try .random(), links: links, terms: TargetTerms(rate: 400), onLost: nil)
        #expect(other.due == nil)
    }
}
