import FoundationEssentials
import Glibc

/// One connection of a receive job: takes frames, opens, decompresses, writes, and grants credits. Its thread owns it.
final class ReceiveStream {
    private let socket: Socket
    private let disks: ReceiveDisks
    private let frame: PooledBuffer
    private let plain: PooledBuffer
    private let opener: FrameOpener
    private let sealer: FrameSealer
    private let check: FrameCheck
    private let creditInterval: UInt64
    private let idleTimeout: UInt64
    private let isCancelled: () -> Bool
    private var decompressor: ZstdDecompressor?
    private var consumed: UInt64 = 0
    private var reported: UInt64 = 0
    private var logical: UInt64 = 0
    private(set) var times = StageTimes()

    init(
        socket: Socket, disks: ReceiveDisks, frame: consuming PooledBuffer, plain: consuming PooledBuffer,
        opener: FrameOpener, sealer: FrameSealer, check: FrameCheck, options: ReceiveOptions,
        isCancelled: @escaping () -> Bool
    ) {
        self.socket = socket
        self.disks = disks
        self.frame = frame
        self.plain = plain
        self.opener = opener
        self.sealer = sealer
        self.check = check
        creditInterval = options.creditInterval
        idleTimeout = UInt64(max(0, options.idleTimeout) * 1e9)
        self.isCancelled = isCancelled
    }

    /// Takes frames until the sender ends the stream, and confirms that.
    func run() throws { while try takeFrame() {} }

    /// Handles one frame; false after the last.
    private func takeFrame() throws -> Bool {
        try receive(frame.frame, FrameHeader.encodedSize)
        let header = try FrameHeader(decoding: frame.frame)
        // Everything that the header says is judged before more is read; the buffer's size was fixed before that.
        try check.check(header)
        try opener.checkSequence(header)
        try receive(frame.payload, Int(header.wireLength) + Geometry.tag)
        let start = monotonicNanoseconds()
        try opener.open(header, at: frame.frame)
        times.seal += monotonicNanoseconds() - start
        let goesOn = try act(on: header)
        let size = UInt64(FrameHeader.emptyFrame) + UInt64(header.wireLength)
        consumed += size
        disks.wire.add(size, ordering: .relaxed)
        if !goesOn {
            try reply(.end)
        } else if consumed - reported >= creditInterval {
            try reply(.credit)
        }
        return goesOn
    }

    private func act(on header: FrameHeader) throws -> Bool {
        switch header.kind {
        case .data:
            try disks.claim(header)
            let bytes = try decompressed(header)
            let start = monotonicNanoseconds()
            try disks.write(bytes, header)
            times.write += monotonicNanoseconds() - start
            logical += header.logicalLength
        case .zero:
            try disks.claim(header)
            let start = monotonicNanoseconds()
            try disks.zero(header)
            times.write += monotonicNanoseconds() - start
            logical += header.logicalLength
        case .end:
            guard header.offset == header.sequence, header.logicalLength == logical else { throw FrameError.badCounts }
            return false
        case .abort:
            let text = UnsafeRawBufferPointer(start: frame.payload, count: Int(header.wireLength))
            throw TransferError(.peerAborted, "the sender gave up: \(printable(text))")
        case .hello, .copy, .hash, .mark, .credit:
            throw FrameError.unexpectedKind(header.kind)
        }
        return true
    }

    private func decompressed(_ header: FrameHeader) throws -> UnsafeRawBufferPointer {
        let payload = UnsafeRawBufferPointer(start: frame.payload, count: Int(header.wireLength))
        guard header.codec == .zstd else { return payload }
        let start = monotonicNanoseconds()
        let zstd = try decompressor ?? ZstdDecompressor()
        decompressor = zstd
        let output = UnsafeMutableRawBufferPointer(start: plain.payload, count: Int(header.logicalLength))
        try zstd.decompress(payload, into: output)
        times.compress += monotonicNanoseconds() - start
        return UnsafeRawBufferPointer(output)
    }

    private func receive(_ p: UnsafeMutableRawPointer, _ count: Int) throws {
        var done = 0
        while done < count {
            let start = monotonicNanoseconds()
            let n = try socket.receive(p + done, count - done)
            times.socket += monotonicNanoseconds() - start
            guard let n else {
                try awaitBytes()
                continue
            }
            guard n > 0 else { throw isCancelled() ? TransferError.cancelled() : FrameError.truncated }
            done += n
        }
    }

    /// Waits for the sender. Whatever it may not know to be consumed it is told first: it may be waiting for that.
    private func awaitBytes() throws {
        if consumed > reported { try reply(.credit) }
        let start = monotonicNanoseconds()
        defer { times.wait += monotonicNanoseconds() - start }
        while try !socket.wait(POLLIN, milliseconds: 1000) {
            if isCancelled() { throw TransferError.cancelled() }
            guard monotonicNanoseconds() - start < idleTimeout else {
                throw TransferError(
                    .stalled, "nothing came from the sender for \(idleTimeout / 1_000_000_000) s; check its log")
            }
        }
    }

    /// Tells the sender how much was consumed.
    private func reply(_ kind: FrameKind) throws {
        var header = FrameHeader(kind, job: check.job, epoch: check.epoch, stream: check.stream)
        header.offset = consumed
        try withUnsafeTemporaryAllocation(byteCount: FrameHeader.emptyFrame, alignment: 16) { bytes in
            guard let p = bytes.baseAddress else { return }
            let size = try sealer.seal(header, at: p)
            try socket.sendAll(p, size, deadline: monotonicNanoseconds() + idleTimeout)
        }
        reported = consumed
    }

    /// Tells the sender why its stream isn't wanted any more, and lets that arrive: a connection that is closed over
    /// unread bytes is reset, and the reason lost. Takes at most a second; ends at once when the socket is shut down.
    func abandon(_ error: TransferError) {
        let text = Array(error.message.utf8.prefix(Geometry.maxReason))
        var header = FrameHeader(.abort, job: check.job, epoch: check.epoch, stream: check.stream)
        header.wireLength = UInt32(text.count)
        UnsafeMutableRawBufferPointer(start: plain.payload, count: text.count).copyBytes(from: text)
        let deadline = monotonicNanoseconds() + 1_000_000_000
        do {
            let size = try sealer.seal(header, at: plain.frame)
            try socket.sendAll(plain.frame, size, deadline: deadline)
            socket.shutDownWriting()
            while monotonicNanoseconds() < deadline {
                let n = try socket.receive(frame.payload, Geometry.maxFrame)
                if n == 0 { return }
                if n == nil { _ = try socket.wait(POLLIN, milliseconds: 100) }
            }
        } catch {
            // The reason didn't arrive; the broken connection tells the sender enough.
        }
    }
}
