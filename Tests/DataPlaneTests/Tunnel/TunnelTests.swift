import Glibc
import Testing

@testable import DataPlane

/// What goes in at one end of a tunnel comes out at the other.
@Suite(.timeLimit(.minutes(5))) struct TunnelTests {
    /// Writes, ends its direction, and reads what the other has to say.
    private static func talk(_ socket: Socket, _ bytes: [UInt8]) async throws -> [UInt8] {
        async let written: Void = blocking {
            try socket.write(bytes)
            socket.shutDownWriting()
        }
        async let read = blocking { try socket.readAll() }
        try await written
        return try await read
    }

    @Test(
        "bytes pass both ways unchanged, over several connections at once",
        arguments: [CompressionMode.off, .zstd(level: 1), .auto])
    func bothWays(_ compression: CompressionMode) async throws {
        var options = TunnelOptions()
        options.compression = compression
        let rig = try TunnelRig(doors: [1, 2], options: options)
        let sizes = [(0, 3 << 20 + 17, 1), (1, 5 << 20 - 1, 2 << 20 + 3), (1, 65_537, 0)]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, (door, there, back)) in sizes.enumerated() {
                // One after the other, so that it is known which connection is which.
                let near = try rig.dial(door)
                let far = try await blocking { try rig.accept(door) }
                group.addTask {
                    let sent = noise(there, seed: UInt64(number)) + [UInt8](repeating: 3, count: there / 2)
                    let answer = noise(back, seed: 77)
                    async let atSource = Self.talk(near, sent)
                    async let atTarget = Self.talk(far, answer)
                    let (received, answered) = (try await atTarget, try await atSource)
                    #expect(received == sent && answered == answer)
                }
            }
            try await group.waitForAll()
        }
        try await blocking {
            try rig.source.wait()
            try rig.target.wait()
        }
        let counters = rig.source.counters
        #expect(counters == rig.target.counters)
        #expect(counters.map(\.connections) == [1, 2])
        #expect(counters[0].toTarget.plain == UInt64(sizes[0].1 + sizes[0].1 / 2) && counters[0].toSource.plain == 1)
        if compression == .off { #expect(counters[0].toTarget.wire > counters[0].toTarget.plain) }
        try await blocking { rig.close() }
    }

    @Test("an end in one direction leaves the other one open")
    func halfClose() async throws {
        let rig = try TunnelRig(doors: [1])
        let bytes = noise(1 << 20 + 5, seed: 1)
        try await blocking {
            let near = try rig.dial(0)
            let far = try rig.accept(0)
            try near.write([1, 2, 3])
            near.shutDownWriting()
            #expect(try far.readAll() == [1, 2, 3])
            Task.detached {
                try await blocking {
                    try far.write(bytes)
                    far.shutDownWriting()
                }
            }
            #expect(try near.readAll() == bytes)
            try rig.source.wait()
            try rig.target.wait()
            rig.close()
        }
    }

    @Test("what compresses takes less on the wire")
    func compresses() async throws {
        var options = TunnelOptions()
        options.compression = .zstd(level: 1)
        let rig = try TunnelRig(doors: [1], options: options)
        let bytes = (0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0 / 100) }
        try await blocking {
            let near = try rig.dial(0)
            let far = try rig.accept(0)
            Task.detached {
                try await blocking {
                    try near.write(bytes)
                    near.shutDownWriting()
                }
            }
            #expect(try far.readAll() == bytes)
        }
        let counters = rig.source.counters[0].toTarget
        #expect(counters.plain == UInt64(bytes.count) && counters.wire < counters.plain / 3)
        try await blocking { rig.close() }
    }

    @Test("a limit holds for all links together, and can be changed")
    func limit() async throws {
        var options = TunnelOptions()
        options.bytesPerSecond = 1
        let rig = try TunnelRig(doors: [2], options: options)
        let rate = 4 << 20
        rig.source.setRate(UInt64(rate))
        let ends = try await blocking { try (0..<2).map { _ in (try rig.dial(0), try rig.accept(0)) } }
        let bytes = noise(3 << 20, seed: 5)
        let start = monotonicNanoseconds()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (near, far) in ends {
                group.addTask {
                    let answer = try await Self.talk(near, bytes)
                    #expect(answer == [])
                }
                group.addTask {
                    let received = try await Self.talk(far, [])
                    #expect(received == bytes)
                }
            }
            try await group.waitForAll()
        }
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        #expect(seconds >= 0.8 * Double(2 * bytes.count) / Double(rate))
        try await blocking { rig.close() }
    }

    @Test("little lies between two ends of which one doesn't read")
    func inFlight() async throws {
        let rig = try TunnelRig(doors: [1])
        let taken = try await blocking { () -> Int in
            let near = try rig.dial(0)
            let far = try rig.accept(0)
            defer { far.shutDown() }
            let chunk = [UInt8](repeating: 1, count: 65_536)
            var taken = 0
            while try near.wait(POLLOUT, milliseconds: 500) {
                taken += try chunk.withUnsafeBytes { p in
                    try p.baseAddress.map { try near.send($0, p.count) ?? 0 } ?? 0
                }
            }
            return taken
        }
        #expect(taken > 0 && taken < 3 << 20)
        try await blocking { rig.close() }
    }

    @Test("connections beyond a door's links are refused; closing removes the sockets")
    func doors() async throws {
        let rig = try TunnelRig(doors: [1, 1])
        try await blocking {
            let near = try rig.dial(0)
            _ = try rig.accept(0)
            // The door closes right after.
            while (try? rig.dial(0)) != nil { sleepNanoseconds(10_000_000) }
            rig.close()
            #expect(try near.readAll() == [])
            try rig.source.wait()
        }
        #expect(try rig.names() == ["t0", "t1"])
    }
}
