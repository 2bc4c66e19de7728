import FoundationEssentials
import Glibc

/// Seals what one end of a link sends, and sends it. One thread at a time; the sending calls block.
final class TunnelWriter {
    private let socket: Socket
    private let sealer: FrameSealer
    private let check: TunnelCheck
    private let compressor: TunnelCompressor?
    private let tally: TunnelTally
    private let stall: UInt64
    private let plain = TunnelBuffer()
    private var total: UInt64 = 0
    /// The frame that was made ready: where it lies, and its header.
    private var ready: (frame: UnsafeMutableRawPointer, header: FrameHeader)?

    init(
        _ socket: Socket, key: StreamKey, check: TunnelCheck, options: TunnelOptions, tally: TunnelTally
    ) throws {
        self.socket = socket
        self.check = check
        self.tally = tally
        sealer = try FrameSealer(key: key)
        compressor = try TunnelCompressor(options.compression)
        stall = UInt64(max(1, min(options.stallTimeout, 86_400)) * 1e9)
    }

    /// Makes a frame ready of what `local` has, at most `room` bytes. Its size on the wire; 0 when `local` has ended, nil
    /// when it has nothing yet. Doesn't block.
    func take(from local: Socket, room: Int) throws(NetworkError) -> Int? {
        guard let count = try local.receive(plain.payload, min(room, TunnelFrame.maxPayload)) else { return nil }
        guard count > 0 else { return 0 }
        var header = FrameHeader(.data, job: check.job, stream: check.link.raw)
        header.logicalLength = UInt64(count)
        header.wireLength = UInt32(count)
        var frame = plain.frame
        if let compressor, let size = compressor.compress(plain.payload, count) {
            header.codec = .zstd
            header.wireLength = UInt32(size)
            frame = compressor.buffer.frame
        }
        ready = (frame, header)
        return FrameHeader.emptyFrame + Int(header.wireLength)
    }

    /// Sends what was made ready. `waited`: nanoseconds that a rate limit has held it up.
    func sendReady(waited: UInt64) throws {
        guard let (frame, header) = ready else { return }
        ready = nil
        let size = try sealer.seal(header, at: frame)
        let cpu = threadNanoseconds()
        let stalled = try sendAll(frame, size)
        compressor?.sent(bytes: size, nanoseconds: threadNanoseconds() - cpu + stalled + waited)
        total += header.logicalLength
        tally.add(check.direction, plain: Int(header.logicalLength), wire: size)
    }

    /// Says that a connection was accepted.
    func sendOpen() throws {
        try sendEmpty(FrameHeader(.open, job: check.job, stream: check.link.raw))
    }

    /// Says that the connection has ended in this direction, with the counts of frames and bytes.
    func sendEnd() throws {
        var header = FrameHeader(.end, job: check.job, stream: check.link.raw)
        header.offset = sealer.sequence
        header.logicalLength = total
        try sendEmpty(header)
    }

    /// Tells the peer why nothing more comes, if the socket takes that at once. Nothing may be sent after it.
    func abandon(_ reason: String) {
        let text = Array(reason.utf8.prefix(Geometry.maxReason))
        var header = FrameHeader(.abort, job: check.job, stream: check.link.raw)
        header.wireLength = UInt32(text.count)
        UnsafeMutableRawBufferPointer(start: plain.payload, count: text.count).copyBytes(from: text)
        // If it can't be sealed or sent, the broken connection tells the peer enough.
        if let size = try? sealer.seal(header, at: plain.frame) { _ = try? socket.send(plain.frame, size) }
    }

    private func sendEmpty(_ header: FrameHeader) throws {
        let size = try sealer.seal(header, at: plain.frame)
        _ = try sendAll(plain.frame, size)
        tally.add(check.direction, plain: 0, wire: size)
    }

    /// Answers with the nanoseconds that it waited.
    private func sendAll(_ p: UnsafeRawPointer, _ count: Int) throws(NetworkError) -> UInt64 {
        var (done, waited, progress) = (0, UInt64(0), monotonicNanoseconds())
        while done < count {
            if let n = try socket.send(p + done, count - done) {
                done += n
                continue
            }
            let start = monotonicNanoseconds()
            let isReady = try socket.wait(POLLOUT, milliseconds: 1000)
            let now = monotonicNanoseconds()
            waited += now - start
            if isReady { progress = now } else if now - progress > stall { throw NetworkError(.timedOut, "send") }
        }
        return waited
    }
}
