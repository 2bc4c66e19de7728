import Glibc

/// Sends the same sealed bytes to every target's socket of one stream. One thread.
///
/// A target that fails, or makes no progress for the stall time-out, leaves the set; the others go on. Targets may
/// come while it sends: they begin with the next frame.
final class FanOut {
    /// What happens when no target is left.
    enum WhenEmpty {
        /// The stream fails.
        case fail
        /// It waits for a new target, that many nanoseconds or until nobody is expected any more, and goes on without.
        case wait(UInt64, isExpected: () -> Bool)
        /// The bytes go nowhere.
        case goOn
    }

    private let stream: UInt16
    private let inbox: LinkInbox
    private let makeLink: (LinkOffer) throws -> TargetLink
    let whenEmpty: WhenEmpty
    var links: [TargetLink] = []
    /// Those that nobody waits for.
    var lagging: [TargetLink] = []
    let window: UInt64
    let spare: Int
    let lagClock: @Sendable () -> UInt64
    private let stallTimeout: UInt64
    private let limiter: RateLimiter?
    private let isCancelled: () -> Bool
    private var entries: [pollfd] = []
    /// True when it was waited in vain for a target once.
    private var isDry = false
    /// True while a frame may be sent in part.
    private var isInFrame = false
    private(set) var socketTime: UInt64 = 0
    private(set) var waitTime: UInt64 = 0

    init(
        stream: UInt16, inbox: LinkInbox, options: FanOutOptions, whenEmpty: WhenEmpty,
        isCancelled: @escaping () -> Bool, makeLink: @escaping (LinkOffer) throws -> TargetLink
    ) {
        self.stream = stream
        self.inbox = inbox
        self.makeLink = makeLink
        self.whenEmpty = whenEmpty
        window = options.window
        stallTimeout = options.stallTimeout
        limiter = options.limiter
        spare = options.spare
        lagClock = options.lagClock
        self.isCancelled = isCancelled
    }

    /// Sends one frame, or a few. Returns when every target that is left has taken all of it (its kernel buffer has):
    /// the memory is free again.
    func send(_ base: UnsafeRawPointer, _ count: Int) throws(TransferError) {
        try sendToAll(base, count)
        try offerToLagging(base, count)
        leaveSlowBehind()
    }

    /// The same without those that may lag.
    private func sendToAll(_ base: UnsafeRawPointer, _ count: Int) throws(TransferError) {
        repeat {
            try admit()
            if links.isEmpty, try !awaitOffer() { break }
            try sendOnce(base, count)
            // Whoever was lost in the middle of it has left nobody who has the frame: it goes to whoever comes.
        } while links.isEmpty
    }

    private func sendOnce(_ base: UnsafeRawPointer, _ count: Int) throws(TransferError) {
        var done = 0
        isInFrame = true
        while done < count, !links.isEmpty {
            let slice = min(count - done, budgetSlice ?? count)
            try acquire(slice)
            try sendSlice(base + done, slice)
            done += slice
        }
        isInFrame = false
    }

    /// How much to ask for at once; nil when nothing limits.
    private var budgetSlice: Int? {
        var least = limiter?.slice
        for link in links {
            guard let slice = link.target.limiter.slice else { continue }
            least = min(least ?? slice, slice)
        }
        return least
    }

    /// Waits until all limits let `count` bytes go to every target.
    private func acquire(_ count: Int) throws(TransferError) {
        let start = monotonicNanoseconds()
        defer { waitTime += monotonicNanoseconds() - start }
        if let limiter, !limiter.acquire(count * max(1, links.count), isCancelled: isCancelled) { throw .cancelled() }
        for link in links where link.target.limiter.slice != nil {
            let target = link.target
            let begin = lagClock()
            defer { charge(lagClock() - begin) { $0 === link } }
            if !target.limiter.acquire(count, isCancelled: { isCancelled() || target.hasFailed }), isCancelled() {
                throw .cancelled()
            }
        }
    }

    private func sendSlice(_ base: UnsafeRawPointer, _ count: Int) throws(TransferError) {
        var now = monotonicNanoseconds()
        for link in links { link.beginBuffer(now: now) }
        while true {
            try each { link in
                if link.cursor < count { try link.push(base, count, window: window) }
            }
            let after = monotonicNanoseconds()
            socketTime += after - now
            now = after
            guard links.contains(where: { $0.cursor < count }) else { return }
            let begin = lagClock()
            wait { $0.cursor < count ? (wants: true, room: $0.mayPush(window: window)) : (wants: false, room: false) }
            charge(lagClock() - begin) { $0.cursor < count }
            let end = monotonicNanoseconds()
            waitTime += end - now
            now = end
            dropStalled(now) { $0.cursor < count }
        }
    }

    /// Sends the last frame, and waits until every target that is left has confirmed the end of the stream. No target
    /// can come after that.
    func finish(_ last: UnsafeRawPointer, _ count: Int) throws(TransferError) {
        try sendToAll(last, count)
        try catchUp(last, count)
        repeat {
            try awaitCompletion()
            // Those that came meanwhile get the end of it only.
            if try admit() { try sendOnce(last, count) }
        } while links.contains { !$0.isComplete } || !inbox.closeIfEmpty()
    }

    /// From here on those that lag are waited for as well: they get what is left of their last frame, and the end.
    private func catchUp(_ last: UnsafeRawPointer, _ count: Int) throws(TransferError) {
        var pending = lagging
        lagging = []
        for link in pending { link.beginBuffer(now: monotonicNanoseconds()) }
        while !pending.isEmpty {
            var ready: [TargetLink] = []
            try each(&pending) { link in if try link.pushRest(window: window) { ready.append(link) } }
            pending.removeAll { link in ready.contains { $0 === link } }
            let behind = links
            links = ready
            try sendOnce(last, count)
            links += behind
            guard !pending.isEmpty else { break }
            _ = poll(nil, 0, 20)
            dropStalled(monotonicNanoseconds(), among: pending) { _ in true }
        }
    }

    private func awaitCompletion() throws(TransferError) {
        var now = monotonicNanoseconds()
        for link in links { link.beginBuffer(now: now) }
        while true {
            try each { link in if !link.isComplete { try link.takeReplies() } }
            guard links.contains(where: { !$0.isComplete }) else { break }
            wait { (wants: !$0.isComplete, room: false) }
            let end = monotonicNanoseconds()
            waitTime += end - now
            now = end
            dropStalled(now) { !$0.isComplete }
        }
        links = []
    }

    /// Gives up: tells whoever still listens, as far as that goes without waiting.
    func abandon(with frame: UnsafeRawPointer, _ count: Int) {
        guard !isInFrame else { return }
        // Best effort: the connections end right after this, and the error itself is reported by the job.
        for link in links { _ = try? link.socket.send(frame, count) }
    }

    /// Takes those in that have come. True when there were any.
    @discardableResult
    private func admit() throws(TransferError) -> Bool {
        let offers = inbox.take()
        for offer in offers { try admit(offer) }
        return !offers.isEmpty
    }

    private func admit(_ offer: LinkOffer) throws(TransferError) {
        do {
            let link = try makeLink(offer)
            if offer.target.mayLag { lagging.append(link) } else { links.append(link) }
        } catch {
            throw TransferError(error, stream: stream)
        }
    }

    /// With no target left: waits for one, or throws. False when the bytes go nowhere.
    private func awaitOffer() throws(TransferError) -> Bool {
        switch whenEmpty {
        case .fail: throw TransferError(.allTargetsFailed, "every target failed")
        case .goOn: return false
        case .wait(let patience, let isExpected):
            guard !isDry else { return false }
            let start = monotonicNanoseconds()
            defer { waitTime += monotonicNanoseconds() - start }
            while isExpected() {
                if isCancelled() { throw .cancelled() }
                let now = monotonicNanoseconds()
                guard now - start < patience else { break }
                let offers = inbox.wait(until: now + 50_000_000)
                for offer in offers { try admit(offer) }
                if !links.isEmpty { return true }
            }
            isDry = true
            return false
        }
    }

    /// Calls `body` for each link and takes out those for which it throws.
    private func each(_ body: (TargetLink) throws -> Void) throws(TransferError) {
        if try each(&links, body) { try removeFailed() }
    }

    /// The same for some of them. True when any was taken out.
    @discardableResult
    func each(
        _ links: inout [TargetLink], _ body: (TargetLink) throws -> Void
    ) throws(TransferError) -> Bool {
        if isCancelled() { throw .cancelled() }
        var lost = false
        for link in links {
            do {
                if link.target.hasFailed { lost = true } else { try body(link) }
            } catch {
                fail(link, TransferError(error, stream: stream))
                lost = true
            }
        }
        if lost { links.removeAll { $0.target.hasFailed } }
        return lost
    }

    /// A completed stream's peer may close; that is no failure.
    private func fail(_ link: TargetLink, _ error: TransferError) {
        if isCancelled() || link.isComplete { return }
        link.target.fail(error)
    }

    private func removeFailed() throws(TransferError) {
        if isCancelled() { throw .cancelled() }
        if links.isEmpty, case .fail = whenEmpty { throw TransferError(.allTargetsFailed, "every target failed") }
    }

    private func dropStalled(_ now: UInt64, _ isPending: (TargetLink) -> Bool) {
        dropStalled(now, among: links, isPending)
    }

    func dropStalled(_ now: UInt64, among links: [TargetLink], _ isPending: (TargetLink) -> Bool) {
        for link in links where isPending(link) && now > link.lastProgress + stallTimeout {
            let seconds = stallTimeout / 1_000_000_000
            link.target.fail(
                TransferError(
                    .stalled, "the target took nothing for \(seconds) s; check its disk and the network",
                    stream: stream))
        }
    }

    private func wait(_ interest: (TargetLink) -> (wants: Bool, room: Bool)) {
        entries.removeAll(keepingCapacity: true)
        for link in links {
            let (wants, room) = interest(link)
            guard wants else { continue }
            let events = POLLIN | (room ? POLLOUT : 0)
            entries.append(pollfd(fd: link.socket.descriptor, events: Int16(events), revents: 0))
        }
        // An error of poll shows in the next call on the socket; the time-out is for stalls and cancels.
        _ = poll(&entries, nfds_t(entries.count), Int32(min(250, stallTimeout / 1_000_000 + 1)))
    }
}
