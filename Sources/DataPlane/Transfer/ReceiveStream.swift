import FoundationEssentials
import Glibc

/// The memory of one connection.
struct ReceiveBuffers: ~Copyable {
    /// A frame as it came.
    let frame: PooledBuffer
    /// Its payload, opened.
    let clear: PooledBuffer
    /// The payload, decompressed.
    let plain: PooledBuffer

    init(_ pool: BufferPool) throws(TransferError) {
        let first = try pool.lease()
        let second = try pool.lease()
        let third = try pool.lease()
        frame = first
        clear = second
        plain = third
    }

    static let count = 3
}

/// One connection of a receive job: takes frames, opens them, passes them on, decompresses, writes, and grants credits.
/// Its thread owns it.
final class ReceiveStream {
    private let socket: Socket
    private let disks: ReceiveDisks
    private let buffers: ReceiveBuffers
    private let opener: FrameOpener
    private let sealer: FrameSealer
    private let check: FrameCheck
    private let creditInterval: UInt64
    private let idleTimeout: UInt64
    private let isCancelled: () -> Bool
    /// Number of the connection, which what is said back carries.
    private let link: LinkNumber
    private let isStrict: Bool
    private let relay: FanOut?
    private var decompressor: ZstdDecompressor?
    private var consumed: UInt64 = 0
    private var reported: UInt64 = 0
    private var logical: UInt64 = 0
    private(set) var times = StageTimes()

    init(
        socket: Socket, link: LinkNumber, disks: ReceiveDisks, buffers: consuming ReceiveBuffers, relay: FanOut?,
        opener: FrameOpener, sealer: FrameSealer, check: FrameCheck, options: ReceiveOptions,
        isCancelled: @escaping () -> Bool
    ) {
        self.socket = socket
        self.link = link
        self.disks = disks
        self.buffers = buffers
        self.relay = relay
        isStrict = !options.survivesLostLinks
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
        let frame = buffers.frame.frame
        try receive(frame, FrameHeader.encodedSize)
        let header = try FrameHeader(decoding: frame)
        // Everything that the header says is judged before more is read; the buffer's size was fixed before that.
        try check.check(header)
        try opener.checkSequence(header)
        try receive(buffers.frame.payload, Int(header.wireLength) + Geometry.tag)
        let start = monotonicNanoseconds()
        try opener.open(header, at: frame, into: buffers.clear.payload)
        times.seal += monotonicNanoseconds() - start
        let size = UInt64(FrameHeader.emptyFrame) + UInt64(header.wireLength)
        // Before it is written: whoever is further down must not wait for this disk.
        if header.kind != .end, header.kind != .abort { try relay?.send(frame, Int(size)) }
        let goesOn = try act(on: header)
        consumed += size
        disks.wire.add(size, ordering: .relaxed)
        if !goesOn {
            try reply(.end)
            try relay?.finish(frame, Int(size))
        } else if consumed - reported >= creditInterval {
            try reply(.credit)
        }
        return goesOn
    }

    private func act(on header: FrameHeader) throws -> Bool {
        switch header.kind {
        case .data:
            let new = try disks.claim(header, once: isStrict)
            logical += header.logicalLength
            guard !new.isEmpty else { return true }
            let bytes = try decompressed(header)
            let start = monotonicNanoseconds()
            for range in new {
                let first = Int(range.lowerBound - header.offset)
                let part = UnsafeRawBufferPointer(rebasing: bytes[first..<(first + range.count)])
                try disks.write(part, disk: header.disk, at: range)
            }
            let spent = monotonicNanoseconds() - start
            times.write += spent
            disks.load.wrote(spent)
        case .zero:
            let new = try disks.claim(header, once: isStrict)
            logical += header.logicalLength
            let start = monotonicNanoseconds()
            for range in new { try disks.zero(disk: header.disk, range) }
            times.write += monotonicNanoseconds() - start
        case .end:
            // Whoever came late has not got all of it; what is missing shows in what has arrived.
            let isWhole = header.offset == header.sequence && header.logicalLength == logical
            guard isWhole || !isStrict else { throw FrameError.badCounts }
            return false
        case .abort:
            let text = UnsafeRawBufferPointer(start: buffers.clear.payload, count: Int(header.wireLength))
            throw TransferError(.peerAborted, "the sender gave up: \(printable(text))")
        case .hello, .copy, .hash, .mark, .credit, .open:
            throw FrameError.unexpectedKind(header.kind)
        }
        return true
    }

    private func decompressed(_ header: FrameHeader) throws -> UnsafeRawBufferPointer {
        let payload = UnsafeRawBufferPointer(start: buffers.clear.payload, count: Int(header.wireLength))
        guard header.codec == .zstd else { return payload }
        let start = monotonicNanoseconds()
        let zstd = try decompressor ?? ZstdDecompressor()
        decompressor = zstd
        let output = UnsafeMutableRawBufferPointer(start: buffers.plain.payload, count: Int(header.logicalLength))
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
        defer {
            let spent = monotonicNanoseconds() - start
            times.wait += spent
            disks.load.waited(spent)
        }
        let step = Int32(min(1000, idleTimeout / 1_000_000 + 1))
        while try !socket.wait(POLLIN, milliseconds: step) {
            if isCancelled() { throw TransferError.cancelled() }
            guard monotonicNanoseconds() - start < idleTimeout else {
                throw TransferError(
                    .stalled, "nothing came from the sender for \(idleTimeout / 1_000_000_000) s; check its log")
            }
        }
    }

    /// Tells the sender how much was consumed.
    private func reply(_ kind: FrameKind) throws {
        var header = FrameHeader(kind, job: check.job, epoch: check.epoch, stream: link.raw)
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
        var header = FrameHeader(.abort, job: check.job, epoch: check.epoch, stream: link.raw)
        header.wireLength = UInt32(text.count)
        let frame = buffers.plain.frame
        UnsafeMutableRawBufferPointer(start: buffers.plain.payload, count: text.count).copyBytes(from: text)
        let deadline = monotonicNanoseconds() + 1_000_000_000
        do {
            let size = try sealer.seal(header, at: frame)
            try socket.sendAll(frame, size, deadline: deadline)
            socket.shutDownWriting()
            while monotonicNanoseconds() < deadline {
                let n = try socket.receive(buffers.frame.payload, Geometry.maxFrame)
                if n == 0 { return }
                if n == nil { _ = try socket.wait(POLLIN, milliseconds: 100) }
            }
        } catch {
            // The reason didn't arrive; the broken connection tells the sender enough.
        }
    }
}
