import FoundationEssentials
import Testing

@testable import DataPlane

/// What joins a job in two goes, as a target does that moves from one parent to another stream by stream.
@Suite("Limits of targets that come in parts")
struct LateTargetTests {
    @Test("a target has one limit over all of its connections, from the first byte on", arguments: [true, false])
    func oneLimit(fromTheStart: Bool) async throws {
        try await blocking {
            // One unit of work for each stream.
            let sources = [UInt8(1), 2].map { MemoryDisk([UInt8](repeating: $0, count: 3 << 20)) }
            let sinks = sources.map { _ in MemoryDisk.target(size: 3 << 20) }
            var options = SendOptions(streams: 2)
            options.compression = .off
            let (key, id) = (try JobKey.random(), UUID())
            let send = try SendJob(id: id, key: key, disks: [(0, sources[0]), (1, sources[1])], options: options)
            var receiveOptions = ReceiveOptions()
            receiveOptions.streams = 2
            let receiver = try ReceiveJob(
                id: id, key: key, disks: [(0, sinks[0]), (1, sinks[1])], options: receiveOptions)
            for stream in 0..<UInt16(2) {
                let (near, far) = try Socket.pair()
                try receiver.attach(stream: stream, socket: far, sender: send.salt)
                try send.addTarget(
                    id: "t", salt: receiver.salt, links: [(LinkNumber(raw: stream), near)],
                    terms: TargetTerms(rate: fromTheStart ? 2 << 20 : nil))
            }
            if !fromTheStart { send.setRate(2 << 20, target: "t") }
            let start = monotonicNanoseconds()
            let sent = try send.run()
            let seconds = Double(monotonicNanoseconds() - start) / 1e9
            _ = try receiver.wait()
            #expect(sinks.map(\.bytes) == sources.map(\.bytes))
            let bytes = sent.targets.reduce(0) { $0 + Double($1.wireBytes) }
            #expect(bytes > 6e6 && sent.targets.count == 2)
            // A bucket's content may pass at once.
            #expect(bytes <= Double(2 << 20) * (seconds + 0.2), "\(bytes) bytes in \(seconds) s")
        }
    }
}
