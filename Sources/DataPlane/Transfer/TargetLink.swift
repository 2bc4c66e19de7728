import Glibc

/// One stream to one target: what is on its way there, and what comes back. One thread.
final class TargetLink {
    let target: SendTarget
    let socket: Socket
    private let opener: FrameOpener
    private let check: FrameCheck
    private var inbox = [UInt8](repeating: 0, count: FrameHeader.emptyFrame + Geometry.maxReason)
    private var inboxCount = 0
    private var sent: UInt64 = 0
    private var consumed: UInt64 = 0
    private(set) var isComplete = false
    /// When bytes last moved, in either direction.
    private(set) var lastProgress = monotonicNanoseconds()
    /// How much of the current buffer this target has.
    var cursor = 0
    /// How much it is waited for.
    private var share: WaitShare

    init(target: SendTarget, socket: Socket, opener: FrameOpener, check: FrameCheck) {
        self.target = target
        self.socket = socket
        self.opener = opener
        self.check = check
        share = WaitShare(patience: target.patience)
    }

    /// A new buffer begins: nothing of it is sent, and waiting starts now.
    func beginBuffer(now: UInt64) {
        cursor = 0
        lastProgress = now
    }

    /// Notes nanoseconds for which the stream has waited for this target.
    func charge(_ nanoseconds: UInt64) { share.add(nanoseconds) }

    /// Whether it is to be left behind.
    func isTooSlow(now: UInt64) -> Bool { share.isTooSlow(now: now, sent: sent, due: target.due) }

    // MARK: A target that may lag

    /// What is left of a frame that was sent in part.
    private var rest: [UInt8] = []
    private var restStart = 0

    /// Bytes of memory that the rest takes.
    var restCount: Int { rest.count }

    /// Whether it has not taken in yet all that it got, or was to get.
    var owes: Bool { sent > consumed || !rest.isEmpty }

    /// Sends a frame as far as that goes now, and keeps the rest; leaves it out while the one before isn't through, and
    /// when `mayKeep` says that there is no memory for a rest.
    func offer(_ base: UnsafeRawPointer, _ count: Int, window: UInt64, mayKeep: Bool) throws {
        guard try pushRest(window: window), mayKeep, mayPush(window: window), target.limiter.tryAcquire(count) else {
            return
        }
        cursor = 0
        try push(base, count, window: window)
        // Of a frame that hasn't begun nothing must follow.
        guard cursor > 0, cursor < count else { return }
        rest = Array(UnsafeRawBufferPointer(start: base + cursor, count: count - cursor))
        restStart = 0
    }

    /// Sends what is kept, as far as that goes now. True when nothing is left of it.
    func pushRest(window: UInt64) throws -> Bool {
        try takeReplies()
        guard restStart < rest.count else { return true }
        let count = rest.count - restStart
        cursor = 0
        try rest.withUnsafeBytes { bytes in
            guard let p = bytes.baseAddress else { return }
            try push(p + restStart, count, window: window)
        }
        restStart += cursor
        if restStart == rest.count { (rest, restStart) = ([], 0) }
        return rest.isEmpty
    }

    /// Sends as much of the rest of the buffer as socket and credit window take now.
    func push(_ base: UnsafeRawPointer, _ count: Int, window: UInt64) throws {
        try takeReplies()
        while cursor < count {
            let room = window - min(window, sent - consumed)
            guard room > 0 else { return }
            let part = min(count - cursor, Int(min(room, UInt64(Int.max))))
            guard let n = try socket.send(base + cursor, part) else { return }
            cursor += n
            sent += UInt64(n)
            target.sent.add(UInt64(n), ordering: .relaxed)
            lastProgress = monotonicNanoseconds()
        }
    }

    /// Whether the socket's readiness to take bytes matters now, and not only a credit.
    func mayPush(window: UInt64) -> Bool { sent - consumed < window }

    /// Handles whatever the target sent; never waits.
    func takeReplies() throws {
        while true {
            let start = inboxCount
            let socket = socket
            let n = try inbox.withUnsafeMutableBytes { (bytes) throws(NetworkError) -> Int? in
                guard let p = bytes.baseAddress else { return nil }
                return try socket.receive(p + start, bytes.count - start)
            }
            guard let n else { return }
            guard n > 0 else { throw NetworkError(.closed, "hear from the target") }
            inboxCount += n
            lastProgress = monotonicNanoseconds()
            while try takeReply() {}
        }
    }

    /// Handles one whole frame at the front of the inbox, if there is one.
    private func takeReply() throws -> Bool {
        guard inboxCount >= FrameHeader.encodedSize else { return false }
        let header = try inbox.withUnsafeBytes { bytes in
            guard let p = bytes.baseAddress else { throw FrameError.truncated }
            return try FrameHeader(decoding: p)
        }
        try check.check(header)
        try opener.checkSequence(header)
        let length = FrameHeader.emptyFrame + Int(header.wireLength)
        guard inboxCount >= length else { return false }
        try inbox.withUnsafeMutableBytes { bytes in
            guard let p = bytes.baseAddress else { throw FrameError.truncated }
            try opener.open(header, at: p)
        }
        try act(on: header)
        inbox.withUnsafeMutableBytes { bytes in
            guard let p = bytes.baseAddress else { return }
            memmove(p, p + length, inboxCount - length)
        }
        inboxCount -= length
        return true
    }

    private func act(on header: FrameHeader) throws {
        switch header.kind {
        case .credit, .end:
            // Consumed bytes only grow, and can't be more than were sent.
            guard header.offset >= consumed, header.offset <= sent, !isComplete else { throw FrameError.badCounts }
            target.consumed.add(header.offset - consumed, ordering: .relaxed)
            consumed = header.offset
            isComplete = header.kind == .end
        case .abort:
            let text = inbox[FrameHeader.encodedSize..<(FrameHeader.encodedSize + Int(header.wireLength))]
            throw TransferError(.peerAborted, "the target gave up: \(printable(text))")
        case .hello, .data, .zero, .copy, .hash, .mark, .open:
            throw FrameError.unexpectedKind(header.kind)
        }
    }
}

/// A peer's text with anything but printable characters replaced, for messages.
func printable(_ bytes: some Collection<UInt8>) -> String {
    String(
        String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "?" : Character(scalar)
        })
}
