import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import DataPlane

/// How a tunnel ends that can't go on: both ends say so, and QEMU sees it.
@Suite(.timeLimit(.minutes(5))) struct TunnelFailureTests {
    /// A wire that passes bytes on, with one bit flipped at some place of the way to the target.
    private static func wire(flipping place: Int) throws -> (Socket, Socket) {
        let (near, middle) = try Socket.pair()
        let (further, far) = try Socket.pair()
        for (from, to, flips) in [(middle, further, true), (further, middle, false)] {
            let thread = DetachedThread.start(name: "test-wire") {
                var done = 0
                var bytes = [UInt8](repeating: 0, count: 4096)
                while let count = try? from.readSome(&bytes), count > 0 {
                    if flips, (done..<done + count).contains(place) { bytes[place - done] ^= 4 }
                    done += count
                    guard (try? to.write(Array(bytes[..<count]))) != nil else { break }
                }
                to.shutDownWriting()
            }
            #expect(thread == 0)
        }
        return (near, far)
    }

    /// Waits for both ends, and answers with their failures.
    private static func failures(_ rig: TunnelRig) async throws -> (source: TransferError?, target: TransferError?) {
        func failure(of end: Tunnel) async throws -> TransferError? {
            try await blocking {
                do throws(TransferError) {
                    try end.wait()
                    return nil
                } catch {
                    return error
                }
            }
        }
        return (try await failure(of: rig.source), try await failure(of: rig.target))
    }

    /// Bytes of the open frame, after which the first frame with data comes.
    private static let open = 80

    @Test(
        "a flipped bit ends it, whether in header, payload or tag", arguments: [8, open + 41, open + 64, open + 2112])
    func flipped(_ place: Int) async throws {
        let rig = try TunnelRig(doors: [1], wire: { try Self.wire(flipping: place) })
        let near = try rig.dial(0)
        // It may have ended before that was taken.
        _ = try await blocking { try? near.write(noise(2040, seed: 1)) }
        let failures = try await Self.failures(rig)
        guard case .protocolViolation = failures.target?.kind else {
            Issue.record("\(String(describing: failures.target))")
            return
        }
        #expect(failures.source?.kind == .peerAborted)
        #expect(try await blocking { (try? near.readAll()) ?? [] } == [])
        try await blocking { rig.close() }
        #expect(rig.source.failure != nil && rig.target.failure != nil)
    }

    @Test("a peer that vanishes ends it, even while no connection was made", arguments: [false, true])
    func vanishes(_ isUsed: Bool) async throws {
        let wires = Mutex<[Socket]>([])
        let rig = try TunnelRig(
            doors: [2],
            wire: {
                let pair = try Socket.pair()
                wires.withLock { $0.append(pair.0) }
                return pair
            })
        let used = try await blocking { isUsed ? (try rig.dial(0), try rig.accept(0)) : nil }
        wires.withLock { $0[1].shutDown() }
        let failures = try await Self.failures(rig)
        #expect(failures.source != nil && failures.target != nil)
        if let used {
            let rests = try await blocking { try [used.0.readAll(), used.1.readAll()] }
            #expect(rests == [[], []])
        }
        #expect(throws: NetworkError.self) { try rig.dial(0) }
        try await blocking { rig.close() }
    }

    @Test("when nobody listens at the target the source is told")
    func nobody() async throws {
        let rig = try TunnelRig(doors: [1], hasServers: false)
        let near = try rig.dial(0)
        // What is sent is never read; the reason comes all the same. The end may come before all of it is.
        _ = try await blocking { try? near.write(noise(100_000, seed: 1)) }
        let failures = try await Self.failures(rig)
        #expect(failures.target?.message.contains("could not connect") == true)
        #expect(failures.source?.kind == .peerAborted)
        #expect(failures.source?.message.contains("could not connect") == true)
        _ = try await blocking { try? near.readAll() }
        try await blocking { rig.close() }
    }

    @Test("QEMU that dies at the target is a failure, for what was sent to it is lost")
    func targetDies() async throws {
        let rig = try TunnelRig(doors: [1])
        let near = try rig.dial(0)
        try await blocking { try rig.accept(0).shutDown() }
        _ = try? await blocking { while true { try near.write(noise(100_000, seed: 1)) } }
        let failures = try await Self.failures(rig)
        #expect(failures.target?.kind == .network && failures.source != nil)
        try await blocking { rig.close() }
    }

    @Test("closing one end is told to the other")
    func closes() async throws {
        let rig = try TunnelRig(doors: [1])
        try await blocking { rig.target.close() }
        let failures = try await Self.failures(rig)
        #expect(failures.target == nil)
        #expect(failures.source?.message.contains("was closed") == true)
        try await blocking { rig.close() }
    }

    @Test("a link is joined once, and only with the peer of the others")
    func attachesOnce() async throws {
        let rig = try TunnelRig(doors: [1])
        let (a, _) = try Socket.pair()
        #expect(throws: TransferError.self) { try rig.source.attach(0, a, peer: rig.target.salt) }
        #expect(throws: TransferError.self) { try rig.source.attach(64, a, peer: rig.target.salt) }
        #expect(throws: TransferError.self) { try rig.source.attach(1, a, peer: rig.target.salt) }
        let stranger = try Salt.random()
        #expect(throws: TransferError.self) { try rig.source.attach(0, a, peer: stranger) }
        try await blocking { rig.close() }
    }
}

extension Socket {
    fileprivate func readSome(_ bytes: inout [UInt8]) throws -> Int {
        while true {
            let count = try bytes.withUnsafeMutableBytes { p throws(NetworkError) -> Int? in
                guard let base = p.baseAddress else { return 0 }
                return try receive(base, p.count)
            }
            if let count { return count }
            _ = try wait(POLLIN, milliseconds: 1000)
        }
    }
}
