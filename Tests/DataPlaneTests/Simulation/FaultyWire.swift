import Glibc
import Synchronization

@testable import DataPlane

/// Connections through one thread that does to their records what their faults say.
final class FaultyWire: Sendable {
    private struct State {
        var fresh: [Pipe] = []
        var isEnding = false
    }

    private let state = Mutex(State())
    private let wake: (Socket, Socket)
    private let thread = Mutex<WorkerThread?>(nil)

    init() throws {
        wake = try Socket.pair()
        let started = try WorkerThread(name: "test-wire") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Two ends of a new connection: what the first sends suffers `forward`, what the second does `backward`.
    func connect(forward: WireFaults, backward: WireFaults) throws -> (Socket, Socket) {
        let (a, nearA) = try Socket.pair()
        let (b, nearB) = try Socket.pair()
        state.withLock {
            $0.fresh += [Pipe(from: nearA, to: nearB, forward), Pipe(from: nearB, to: nearA, backward)]
        }
        poke()
        return (a, b)
    }

    /// Breaks all connections and joins the thread.
    func end() {
        state.withLock { $0.isEnding = true }
        poke()
        thread.withLock { $0.take() }?.join()
    }

    /// A full socket wakes the thread as well.
    private func poke() {
        withUnsafeBytes(of: UInt8(1)) { byte in _ = byte.baseAddress.map { try? wake.0.send($0, 1) } }
    }

    private func run() {
        var pipes: [Pipe] = []
        var entries: [pollfd] = []
        var scratch = [UInt8](repeating: 0, count: 64)
        while true {
            let (fresh, isEnding) = state.withLock { state in
                defer { state.fresh = [] }
                return (state.fresh, state.isEnding)
            }
            pipes += fresh
            if isEnding { break }
            let now = monotonicNanoseconds()
            for pipe in pipes { pipe.move(now) }
            pipes.removeAll(where: \.isOver)
            entries = [pollfd(fd: wake.1.descriptor, events: Int16(POLLIN), revents: 0)]
            var timeout: Int32 = 1000
            for pipe in pipes {
                if pipe.wantsInput {
                    entries.append(pollfd(fd: pipe.from.descriptor, events: Int16(POLLIN), revents: 0))
                }
                if let pause = pipe.pause(now) {
                    timeout = min(timeout, pause)
                } else if pipe.hasOutput {
                    entries.append(pollfd(fd: pipe.to.descriptor, events: Int16(POLLOUT), revents: 0))
                }
            }
            _ = poll(&entries, nfds_t(entries.count), timeout)
            _ = scratch.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { try? wake.1.receive($0, 64) } }
        }
        for pipe in pipes { pipe.cut() }
    }
}

/// One direction of a connection. Used by the wire's thread only.
private final class Pipe: @unchecked Sendable {
    // @unchecked: it is handed to the wire's thread once.

    let from: Socket
    let to: Socket
    private var faults: WireFaults
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var outputStart = 0
    private var held: [UInt8]?
    private var number = 0
    private var silentUntil: UInt64 = 0
    private var gatherUntil: UInt64?
    private var hasEnded = false
    private var isCut = false
    private(set) var isOver = false
    private static let most = 256 << 10

    init(from: Socket, to: Socket, _ faults: WireFaults) {
        self.from = from
        self.to = to
        self.faults = faults
    }

    var wantsInput: Bool { !hasEnded && output.count - outputStart < Self.most }
    var hasOutput: Bool { outputStart < output.count }

    /// Milliseconds until something is to be done without anybody's doing; nil: not before a socket is ready.
    func pause(_ now: UInt64) -> Int32? {
        let time = max(silentUntil, gatherUntil ?? 0)
        return time > now ? Int32(min(1000, (time - now) / 1_000_000 + 1)) : nil
    }

    func cut() {
        from.shutDown()
        to.shutDown()
        isOver = true
    }

    func move(_ now: UInt64) {
        do {
            if wantsInput { try takeIn(now) }
            if now >= silentUntil, !isGathering(now) { try passOn() }
        } catch {
            return cut()
        }
        guard !hasOutput, now >= silentUntil else { return }
        if isCut { return cut() }
        if hasEnded {
            to.shutDownWriting()
            isOver = true
        }
    }

    private func isGathering(_ now: UInt64) -> Bool {
        guard faults.gather > 0, hasOutput, !hasEnded, output.count - outputStart < faults.gather else {
            gatherUntil = nil
            return false
        }
        if gatherUntil == nil { gatherUntil = now + 2_000_000 }
        if let gatherUntil, now < gatherUntil { return true }
        return false
    }

    private func takeIn(_ now: UInt64) throws {
        let n = try withUnsafeTemporaryAllocation(byteCount: 128 << 10, alignment: 16) { bytes -> Int? in
            guard let p = bytes.baseAddress, let n = try from.receive(p, bytes.count) else { return nil }
            input.append(contentsOf: UnsafeRawBufferPointer(start: p, count: n))
            return n
        }
        guard let n else { return }
        if n == 0 {
            hasEnded = true
            output += (held ?? []) + input
            input = []
            return
        }
        var at = 0
        while !isCut, input.count - at >= FrameHeader.encodedSize {
            let wire = input.withUnsafeBytes {
                UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: at + 48, as: UInt32.self))
            }
            let length = FrameHeader.emptyFrame + Int(wire)
            guard input.count - at >= length else { break }
            take(Array(input[at..<(at + length)]), now)
            at += length
        }
        input.removeFirst(at)
    }

    private func take(_ record: [UInt8], _ now: UInt64) {
        defer { number += 1 }
        silentUntil = max(silentUntil, now + UInt64(faults.delay) * 1_000_000)
        var record = record
        var isHeldBack = false
        switch faults.faults[number] {
        case .flip(let bit)?: record[bit / 8 % record.count] ^= 1 << UInt8(bit % 8)
        case .duplicate?: record += record
        case .swap?: isHeldBack = held == nil
        case .omit?: return
        case .reset(let part)?:
            record.removeLast(record.count - record.count * part / 1024)
            isCut = true
            hasEnded = true
        case .hole(let time)?: silentUntil = time < 0 ? .max : now + UInt64(time) * 1_000_000
        case nil: break
        }
        if isHeldBack {
            held = record
        } else {
            output += record + (held ?? [])
            held = nil
        }
    }

    private func passOn() throws {
        while hasOutput {
            let count = min(output.count - outputStart, faults.piece)
            let n = try output.withUnsafeBytes { bytes in
                try bytes.baseAddress.map { try to.send($0 + outputStart, count) } ?? nil
            }
            guard let n else { return }
            outputStart += n
            // Pieces arrive by themselves.
            if faults.piece < .max { break }
        }
        if outputStart == output.count { (output, outputStart) = ([], 0) }
    }
}
