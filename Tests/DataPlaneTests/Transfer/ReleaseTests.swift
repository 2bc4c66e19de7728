import Synchronization
import Testing

@testable import DataPlane

@Suite("What a transfer holds goes with it") struct ReleaseTests {
    enum Ending: CaseIterable { case complete, readBack, cancelled, failed }

    /// An agent that serves for weeks would otherwise run out of descriptors and memory.
    @Test("both ends of a job and their sockets are released, however it ends", arguments: Ending.allCases)
    func released(_ ending: Ending) async throws {
        try await blocking {
            final class Watch {
                weak var send: SendJob?
                weak var receive: ReceiveJob?
                weak var socket: Socket?
            }
            let watch = Watch()
            func transfer() throws {
                let source = MemoryDisk.random(size: 20 << 20, seed: 5)
                let sink = MemoryDisk.target(size: 20 << 20)
                var receive = ReceiveOptions()
                receive.verifyThreads = ending == .complete ? 0 : 2
                receive.streams = 1
                let key = try JobKey.random()
                let send = try SendJob(
                    id: .init(), key: key, disks: [(0, source)], options: SendOptions(streams: 1))
                let receiver = try ReceiveJob(
                    id: send.id, key: ending == .failed ? JobKey.random() : key, disks: [(0, sink)], options: receive)
                let (a, b) = try Socket.pair()
                try receiver.attach(stream: 0, socket: b, sender: send.salt)
                try send.addTarget(id: "target", salt: receiver.salt, sockets: [a])
                (watch.send, watch.receive, watch.socket) = (send, receiver, b)
                if ending == .cancelled { receiver.cancel() }
                let sent = Result { () throws(TransferError) in try send.run() }
                let received = Result { () throws(TransferError) in try receiver.wait() }
                let isWhole = ending == .complete || ending == .readBack
                let (hasSent, hasReceived) = ((try? sent.get()) != nil, (try? received.get()) != nil)
                #expect(hasSent == isWhole && hasReceived == isWhole, "\(sent) \(received)")
                if ending == .readBack {
                    let roots = try receiver.verify().roots
                    #expect(roots == (try sent.get().disks.map(\.root)))
                }
            }
            try transfer()
            #expect(watch.send == nil)
            #expect(watch.receive == nil)
            #expect(watch.socket == nil)
        }
    }
}
