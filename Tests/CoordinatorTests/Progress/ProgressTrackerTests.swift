import AgentProtocol
import Model
import Testing

@testable import Coordinator

@Suite struct ProgressTrackerTests {
    private let job = HexBytes([1])

    private func tracker(sizes: [UInt64], used: [UInt64], verifies: Bool = true) -> ProgressTracker {
        let files = zip(sizes, used).enumerated().map { index, numbers in
            ClonePlan.File(
                index: UInt16(index), disk: "vd\(index)", layer: 0, sourcePath: "/s", sourceFormat: "raw",
                format: "raw",
                guestView: false, size: numbers.0, used: numbers.1, isBlockDevice: false)
        }
        let target = ClonePlan.Target(
            host: "kvm2", newName: "n", uuid: "u", pool: "default", folder: "/p", fileNames: [], macs: [], findings: [],
            xml: "")
        return ProgressTracker(
            plan: ClonePlan(
                kind: .clone, vm: "v", vmUUID: "u", source: "kvm1", files: files, targets: [target], findings: []),
            verifies: verifies)
    }

    private func report(_ done: [UInt64], data: UInt64, wire: UInt64 = 0) -> ReceivingProgress {
        ReceivingProgress(job: job, done: done, data: data, wire: wire)
    }

    @Test("A target's share of the work counts data, in both passes, never falls and ends at 1")
    func fraction() throws {
        let tracker = tracker(sizes: [1000], used: [100])
        func share() throws -> Double { try #require(tracker.snapshot().targets.first).fraction }
        tracker.enter(.copying, host: "kvm2")
        #expect(try share() == 0)
        tracker.received(report([800], data: 0), during: .copying, host: "kvm2")
        #expect(try share() == 0)
        tracker.received(report([850], data: 50), during: .copying, host: "kvm2")
        #expect(try share() == 0.25)
        tracker.received(report([840], data: 40), during: .copying, host: "kvm2")
        #expect(try share() == 0.25)
        tracker.enter(.verifying, host: "kvm2")
        #expect(try share() == 0.5)
        // Of the pass before, and late.
        tracker.received(report([1000], data: 100), during: .copying, host: "kvm2")
        #expect(try share() == 0.5)
        tracker.received(report([900], data: 50), during: .verifying, host: "kvm2")
        #expect(try share() == 0.75)
        tracker.enter(.publishing, host: "kvm2")
        let publishing = try #require(tracker.snapshot().targets.first)
        #expect(publishing.fraction == 1)
        #expect(publishing.disks.map(\.share.fraction) == [1])
        tracker.enter(.failed, host: "kvm2")
        #expect(try share() == 1)
    }

    @Test("Without reading back the copy is all the work")
    func withoutVerify() throws {
        let tracker = tracker(sizes: [1000], used: [100], verifies: false)
        tracker.enter(.copying, host: "kvm2")
        tracker.received(report([850], data: 50), during: .copying, host: "kvm2")
        #expect(try #require(tracker.snapshot().targets.first).fraction == 0.5)
    }

    @Test("Of several disks the data is known together only")
    func severalDisks() throws {
        let tracker = tracker(sizes: [1000, 500], used: [100, 100])
        tracker.enter(.copying, host: "kvm2")
        tracker.received(report([800, 100], data: 100), during: .copying, host: "kvm2")
        let target = try #require(tracker.snapshot().targets.first)
        #expect(target.fraction == 0.25)
        #expect(target.data == 100)
        #expect(target.disks.map(\.data) == [nil, nil])
        #expect(target.disks.map(\.share.fraction) == [0.8, 0.2])
    }

    @Test("A report that tells nothing new is no movement, or a standstill would never be seen")
    func movement() {
        let tracker = tracker(sizes: [1000], used: [100])
        tracker.enter(.copying, host: "kvm2")
        tracker.received(report([100], data: 10, wire: 5), during: .copying, host: "kvm2")
        let before = tracker.movement
        tracker.received(report([100], data: 10, wire: 5), during: .copying, host: "kvm2")
        tracker.received(report([100], data: 10, wire: 5), during: .copying, host: "unknown")
        #expect(tracker.movement == before)
        tracker.received(report([100], data: 10, wire: 6), during: .copying, host: "kvm2")
        #expect(tracker.movement != before)
    }
}
