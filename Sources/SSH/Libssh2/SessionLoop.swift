import CSSH2
import Glibc

/// The body of a session's thread, from authentication to the end.
final class SessionLoop {
    /// A message that the host must answer is sent after so long without one.
    static let keepAliveSeconds = 15
    /// A host that hasn't been heard of for so long is lost.
    private static let silenceLimit = Duration.seconds(45)
    private static let maximumChannels = 8
    private static let idleRead = SendOrder.Call(channel: 0, kind: .readOutput)

    private let session: SessionHandle
    private let mailbox: SessionMailbox
    private let plan: LoginPlan
    private let order: SendOrder
    private var channels: [SessionChannel] = []
    private var queue: [StartRequest] = []
    /// An open channel without a command. libssh2 reads the connection only through a channel, and the host's own
    /// keep-alives must be answered while no command runs; the next command takes it.
    private var spare: OpaquePointer?
    private var isOpening = false
    private var lastHeard = ContinuousClock.now
    private var nextKeepAlive = ContinuousClock.now
    private var isClosing = false

    init(session: SessionHandle, mailbox: SessionMailbox, plan: LoginPlan) {
        self.session = session
        self.mailbox = mailbox
        self.plan = plan
        order = SendOrder(session: session)
        session.countReceives()
    }

    func run() {
        var reason = "the connection was closed"
        do throws(SessionChannel.SessionFailure) {
            while !isClosing {
                takeRequests()
                let isBusy = try pumpAll()
                try sendKeepAlive()
                if !isClosing { try waitForEvents(until: isBusy ? .now : nil) }
            }
            if order.halfSent == nil {
                libssh2_session_disconnect_ex(session.raw, SSH_DISCONNECT_BY_APPLICATION, "closed", "")
            }
        } catch {
            reason = error.reason
        }
        end(reason)
    }

    private func end(_ reason: String) {
        let unread = mailbox.refuse()
        for case .start(let request) in unread { queue.append(request) }
        for request in queue { fail(request, .lost(host: plan.host, reason: reason)) }
        for channel in channels { channel.abandon(reason) }
        channels = []
    }

    private func fail(_ request: StartRequest, _ error: SSHError) {
        close(request.socket)
        request.started(.failure(error))
    }

    private func takeRequests() {
        mailbox.wake.drain()
        for request in mailbox.take() {
            switch request {
            case .start(let start):
                if channels.count + queue.count >= Self.maximumChannels {
                    fail(start, .channel(host: plan.host, reason: "\(Self.maximumChannels) commands run already"))
                } else {
                    queue.append(start)
                }
            case .terminate(let id):
                if let index = queue.firstIndex(where: { $0.id == id }) {
                    fail(queue.remove(at: index), .cancelled)
                } else {
                    channels.first { $0.id == id }?.terminate("it was terminated")
                }
            case .close:
                isClosing = true
            }
        }
    }

    /// True when there may be more to move at once. Rounds are bounded, so that requests are seen under full load.
    private func pumpAll() throws(SessionChannel.SessionFailure) -> Bool {
        for _ in 0..<8 {
            let wasHalfSent = order.halfSent != nil
            let received = session.receives
            var moved = try openChannel()
            for channel in channels where try channel.pump() { moved = true }
            channels.removeAll { $0.isFinished }
            // Others waited for it.
            if wasHalfSent, order.halfSent == nil { moved = true }
            // libssh2 reads for all channels at once: it may be for one that had its turn, and poll won't tell again.
            if session.receives != received { moved = true }
            if !moved { return false }
        }
        return true
    }

    // MARK: Opening

    /// Opens a channel for the first request in the queue, or a spare one when it was begun.
    private func openChannel() throws(SessionChannel.SessionFailure) -> Bool {
        if spare == nil, isOpening || !queue.isEmpty {
            isOpening = true
            let code = order.make(.init(channel: 0, kind: .open)) {
                spare = libssh2_channel_open_ex(
                    session.raw, "session", 7, plan.channelWindow, UInt32(LIBSSH2_CHANNEL_PACKET_DEFAULT), nil, 0)
                return spare == nil ? Int(libssh2_session_last_errno(session.raw)) : 0
            }
            if code == Libssh2.again { return false }
            isOpening = false
            if code != 0 {
                let reason = session.errorText
                guard code == Int(LIBSSH2_ERROR_CHANNEL_FAILURE) else {
                    throw SessionChannel.SessionFailure(reason: reason)
                }
                if !queue.isEmpty { fail(queue.removeFirst(), .channel(host: plan.host, reason: reason)) }
                return true
            }
        }
        if order.halfSent == Self.idleRead { try readIdle() }
        guard order.halfSent != Self.idleRead, let raw = spare, !queue.isEmpty else { return false }
        spare = nil
        let request = queue.removeFirst()
        channels.append(SessionChannel(request, raw: raw, session: session, order: order, host: plan.host))
        return true
    }

    /// With no command running: reads the connection through the spare channel, and opens one for that.
    private func readIdle() throws(SessionChannel.SessionFailure) {
        guard channels.isEmpty else { return }
        guard let raw = spare else {
            isOpening = true
            return
        }
        var byte: CChar = 0
        let code = order.make(Self.idleRead) { Int(libssh2_channel_read_ex(raw, 0, &byte, 1)) }
        if code < 0, code != Libssh2.again { throw SessionChannel.SessionFailure(reason: session.errorText) }
        if libssh2_channel_eof(raw) == 1 {
            spare = nil
            libssh2_channel_free(raw)
        }
    }

    // MARK: Waiting

    private func sendKeepAlive() throws(SessionChannel.SessionFailure) {
        guard !channels.isEmpty || spare != nil, ContinuousClock.now >= nextKeepAlive else { return }
        var seconds: Int32 = 0
        let code = order.makeSmall { Int(libssh2_keepalive_send(session.raw, &seconds)) }
        if code == Libssh2.again {
            nextKeepAlive = .now + .seconds(1)
            return
        }
        if code != 0 { throw SessionChannel.SessionFailure(reason: session.errorText) }
        nextKeepAlive = .now + .seconds(max(1, Int(seconds)))
    }

    private var wantsHost: Bool {
        // A half-sent call waits for room only.
        order.halfSent == nil && (isOpening || channels.isEmpty || channels.contains { $0.wantsHost })
    }

    private func waitForEvents(until limit: ContinuousClock.Instant?) throws(SessionChannel.SessionFailure) {
        let reads = wantsHost
        var events: Int16 = reads ? Int16(POLLIN) : 0
        if order.halfSent != nil || channels.contains(where: { $0.wantsRoom }) { events |= Int16(POLLOUT) }
        var descriptors = [
            pollfd(fd: mailbox.wake.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: session.socket, events: events, revents: 0),
        ]
        var polled: [SessionChannel] = []
        for channel in channels {
            guard let interest = channel.interest else { continue }
            descriptors.append(interest)
            polled.append(channel)
        }
        let now = ContinuousClock.now
        if !reads { lastHeard = now }
        let silenceEnd = channels.isEmpty && spare == nil ? nil : lastHeard + Self.silenceLimit
        let keepAlive = channels.isEmpty && spare == nil ? nil : nextKeepAlive
        let deadlines = channels.compactMap(\.deadline) + [silenceEnd, keepAlive, limit].compactMap { $0 }
        pollDescriptors(&descriptors, until: deadlines.min())

        let heard = descriptors[1].revents & ~Int16(POLLOUT) != 0
        for (channel, ready) in zip(polled, descriptors.dropFirst(2)) { channel.noteReady(ready.revents) }
        if heard {
            lastHeard = .now
            try readIdle()
        } else if let silenceEnd, ContinuousClock.now >= silenceEnd {
            throw SessionChannel.SessionFailure(
                reason: "the host hasn't answered for \(Self.silenceLimit.components.seconds) s")
        }
    }
}
