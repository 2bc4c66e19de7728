import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import DataPlane

@Suite struct FailureTests {
    static func noisy(_ size: Int) -> [UInt8] { [UInt8](repeating: 5, count: size) }

    @Test("a target that can't write is named with its reason; the others finish")
    func dyingTarget() async throws {
        try await blocking {
            let bytes = Self.noisy(40 << 20)
            let good = [MemoryDisk.target(size: bytes.count), MemoryDisk.target(size: bytes.count)]
            let bad = MemoryDisk.target(
                size: bytes.count, beforeWrite: { if $0 > 8 << 20 { throw DiskFault(text: "no space") } })
            var options = SendOptions(streams: 2)
            options.compression = .off
            let rig = try Rig(sources: [MemoryDisk(bytes)], targets: [[good[0]], [bad], [good[1]]], send: options)
            let (sent, received) = rig.run()
            let report = try sent.get()
            #expect(report.targets.map { $0.failure == nil } == [true, false, true])
            #expect(report.targets[1].failure?.kind == .peerAborted)
            #expect(report.targets[1].failure?.message.contains("no space") == true)
            for disk in good { #expect(disk.bytes == bytes) }
            let error = #expect(throws: TransferError.self) { try received[1].get() }
            #expect(error?.kind == .sink && error?.disk == 0)
            #expect(throws: Never.self) { try received[0].get() }
        }
    }

    @Test("a target that stops taking bytes is dropped after the time-out; the others finish")
    func stalledTarget() async throws {
        try await blocking {
            let bytes = Self.noisy(20 << 20)
            let held = Gate(false)
            let good = MemoryDisk.target(size: bytes.count)
            let stuck = MemoryDisk.target(
                size: bytes.count, beforeWrite: { _ in _ = held.wait { $0 ? true : nil } })
            var options = SendOptions(streams: 2)
            options.stallTimeout = 2
            let rig = try Rig(sources: [MemoryDisk(bytes)], targets: [[stuck], [good]], send: options)
            let sent = try rig.send.run()
            #expect(sent.targets.map { $0.failure?.kind } == [.stalled, nil])
            #expect(try rig.receivers[1].wait().logicalBytes == UInt64(bytes.count))
            #expect(good.bytes == bytes)
            held.update { $0 = true }
            #expect(throws: TransferError.self) { try rig.receivers[0].wait() }
        }
    }

    @Test("when every target fails, the job does, with all reasons")
    func allTargets() async throws {
        try await blocking {
            let bytes = Self.noisy(4 << 20)
            let targets = (0..<2).map { n in
                MemoryDisk.target(size: bytes.count, beforeWrite: { _ in throw DiskFault(text: "fault \(n)") })
            }
            let (sent, _) = try Rig(sources: [MemoryDisk(bytes)], targets: targets.map { [$0] }).run()
            let error = #expect(throws: TransferError.self) { try sent.get() }
            #expect(error?.kind == .allTargetsFailed)
            #expect(error?.message.contains("fault 0") == true && error?.message.contains("fault 1") == true)
        }
    }

    @Test("a source that can't be read fails the job, and the targets hear why")
    func source() async throws {
        try await blocking {
            let source = MemoryDisk(
                Self.noisy(40 << 20), beforeRead: { if $0 >= 20 << 20 { throw DiskFault(text: "EIO") } })
            let sink = MemoryDisk.target(size: 40 << 20)
            let (sent, received) = try Rig(sources: [source], targets: [[sink]]).run()
            let error = #expect(throws: TransferError.self) { try sent.get() }
            #expect(error?.kind == .source && error?.message.contains("EIO") == true)
            let heard = #expect(throws: TransferError.self) { try received[0].get() }
            #expect(heard?.kind == .peerAborted || heard?.kind == .network)
        }
    }

    @Test("a disk that can't be read back fails the receiver; a cancel ends the reading")
    func readBack() async throws {
        try await blocking {
            for cancels in [false, true] {
                let rigs = Gate<Rig?>(nil)
                let sink = MemoryDisk(
                    [UInt8](repeating: 0xdd, count: 4 << 20),
                    beforeRead: { _ in
                        if !cancels { throw DiskFault(text: "EIO") }
                        rigs.wait { $0 }?.receivers[0].cancel()
                    })
                var options = ReceiveOptions()
                options.verifyThreads = 2
                let rig = try Rig(sources: [MemoryDisk(Self.noisy(4 << 20))], targets: [[sink]], receive: options)
                rigs.update { $0 = rig }
                let error = #expect(throws: TransferError.self) {
                    _ = try rig.run().received[0].get()
                    _ = try rig.receivers[0].verify()
                }
                #expect(error?.kind == (cancels ? .cancelled : .source))
                rigs.update { $0 = nil }
            }
        }
    }

    @Test("a source that changed meanwhile fails the job")
    func changed() async throws {
        try await blocking {
            let source = MemoryDisk(Self.noisy(1 << 20))
            source.change()
            let (sent, _) = try Rig(sources: [source], targets: [[MemoryDisk.target(size: 1 << 20)]]).run()
            let error = #expect(throws: TransferError.self) { try sent.get() }
            #expect(error?.kind == .source)
        }
    }

    @Test("cancelling the sender ends both ends, wherever they wait", arguments: [false, true])
    func cancelSender(limited: Bool) async throws {
        try await blocking {
            let held = Gate(false)
            let sink = MemoryDisk.target(
                size: 60 << 20, beforeWrite: { _ in if !limited { _ = held.wait { $0 ? true : nil } } })
            var options = SendOptions(streams: 2)
            options.window = 4 << 20
            if limited { options.limiter = RateLimiter(bytesPerSecond: 100_000) }
            let rig = try Rig(sources: [MemoryDisk(Self.noisy(60 << 20))], targets: [[sink]], send: options)
            let canceller = try WorkerThread(name: "test-cancel") {
                while rig.send.progress.wireBytes < 2000 { sleepNanoseconds(1_000_000) }
                rig.send.cancel()
                held.update { $0 = true }
            }
            let (sent, received) = rig.run()
            canceller.join()
            #expect(#expect(throws: TransferError.self) { try sent.get() }?.kind == .cancelled)
            #expect(throws: TransferError.self) { try received[0].get() }
        }
    }

    @Test("cancelling a receiver ends it and drops it at the sender")
    func cancelReceiver() async throws {
        try await blocking {
            let rigs = Gate<Rig?>(nil)
            let sink = MemoryDisk.target(
                size: 40 << 20,
                beforeWrite: { if $0 >= 5 << 20 { rigs.wait { $0 }?.receivers[0].cancel() } })
            let rig = try Rig(sources: [MemoryDisk(Self.noisy(40 << 20))], targets: [[sink]])
            rigs.update { $0 = rig }
            let (sent, received) = rig.run()
            #expect(#expect(throws: TransferError.self) { try received[0].get() }?.kind == .cancelled)
            #expect(#expect(throws: TransferError.self) { try sent.get() }?.kind == .allTargetsFailed)
            rigs.update { $0 = nil }
        }
    }

    @Test("a receiver whose sender never connects, or falls silent, gives up")
    func silence() async throws {
        try await blocking {
            for connected in [0, 1] {
                var options = ReceiveOptions(streams: 1)
                options.idleTimeout = 0.3
                options.linkTimeout = 0.3
                let job = try ReceiveJob(
                    id: UUID(), key: try JobKey.random(), disks: [(0, MemoryDisk.target(size: 1))], options: options)
                let (a, b) = try Socket.pair()
                if connected == 1 { try job.attach(stream: 0, socket: a, sender: try Salt.random()) }
                #expect(#expect(throws: TransferError.self) { try job.wait() }?.kind == .stalled)
                b.shutDown()
            }
        }
    }

    @Test("jobs that make no sense are refused before anything starts")
    func nonsense() throws {
        let (id, key) = (UUID(), try JobKey.random())
        let disk = MemoryDisk([1])
        var options = SendOptions(streams: 0)
        #expect(throws: TransferError.self) { try SendJob(id: id, key: key, disks: [(0, disk)], options: options) }
        options.streams = 1
        options.frameSize = 1000
        #expect(throws: TransferError.self) { try SendJob(id: id, key: key, disks: [(0, disk)], options: options) }
        options.frameSize = 65536
        options.window = 1 << 20
        #expect(throws: TransferError.self) { try SendJob(id: id, key: key, disks: [(0, disk)], options: options) }
        options.window = 4 << 20
        #expect(throws: TransferError.self) {
            try SendJob(id: id, key: key, disks: [(0, disk), (0, disk)], options: options)
        }
        let job = try SendJob(id: id, key: key, disks: [(0, disk)], options: options)
        #expect(throws: TransferError.self) { try job.addTarget(id: "a", salt: Salt.random(), sockets: []) }
        #expect(throws: TransferError.self) { try job.run() }
        #expect(throws: TransferError.self) { try job.run() }
        #expect(throws: TransferError.self) {
            try ReceiveJob(id: id, key: key, disks: [(0, disk), (0, disk)], options: ReceiveOptions())
        }
        #expect(throws: TransferError.self) {
            try ReceiveJob(id: id, key: key, disks: [(0, disk)], options: ReceiveOptions(streams: 65))
        }
    }
}
