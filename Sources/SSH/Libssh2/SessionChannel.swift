import CSSH2
import Glibc

/// A channel that runs one command, and the local socket joined to it. Lives on the session's thread.
final class SessionChannel {
    enum Phase {
        case starting
        case running
        /// The close was decided; `reason` when this side decided it before the command ended. sshd answers only
        /// when the command has ended, so that isn't waited for beyond `until`.
        case closing(reason: String?, until: ContinuousClock.Instant)
        case finished
    }

    /// What a libssh2 call said about the whole session.
    struct SessionFailure: Error {
        let reason: String
    }

    private static let bufferSize = 256 << 10
    /// Always the same, since libssh2 derives window updates from it, and may repeat one.
    private static let readSize = 64 << 10
    /// libssh2 takes no more in one call.
    private static let maximumWrite = 32_700

    let id: Int
    let request: StartRequest
    private let raw: OpaquePointer
    private let session: SessionHandle
    private let order: SendOrder
    private let host: String
    private(set) var phase = Phase.starting

    private let toHost = ByteQueue(capacity: bufferSize)
    private let fromHost = ByteQueue(capacity: bufferSize)
    private var socket: Int32
    private var mayReceive = true
    private var localEnded = false
    private var localHungUp = false
    private var sentEnd = false
    private var passedEnd = false
    private var waitsForClose = false
    private var sentClose = false

    init(_ request: StartRequest, raw: OpaquePointer, session: SessionHandle, order: SendOrder, host: String) {
        id = request.id
        self.request = request
        self.raw = raw
        self.session = session
        self.order = order
        self.host = host
        socket = request.socket
        setNonBlocking(socket)
    }

    deinit {
        closeSocket()
    }

    var isFinished: Bool {
        if case .finished = phase { true } else { false }
    }

    /// When `pump` must be called even if nothing happens.
    var deadline: ContinuousClock.Instant? {
        if case .closing(_, let until) = phase { until } else { nil }
    }

    /// Whether bytes from the host could be taken now.
    var wantsHost: Bool {
        switch phase {
        case .starting: true
        case .running: fromHost.room >= Self.readSize || !toHost.isEmpty || waitsForClose
        case .closing: sentClose
        case .finished: false
        }
    }

    /// Whether something waits for room in the connection.
    var wantsRoom: Bool {
        switch phase {
        case .starting: false
        case .running: localEnded && toHost.isEmpty && !sentEnd
        case .closing: !sentClose
        case .finished: false
        }
    }

    /// The local socket and what to poll it for.
    var interest: pollfd? {
        guard case .running = phase, socket >= 0 else { return nil }
        var events: Int16 = 0
        if !localEnded, toHost.room > 0 { events |= Int16(POLLIN) }
        if !fromHost.isEmpty { events |= Int16(POLLOUT) }
        if localHungUp, events == 0 { return nil }
        return pollfd(fd: socket, events: events, revents: 0)
    }

    func noteReady(_ events: Int16) {
        if events & Int16(POLLIN) != 0 { mayReceive = true }
        if events & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 {
            mayReceive = true
            localHungUp = true
        }
    }

    /// Closes the channel; the command gets end-of-file and SIGPIPE. Its status becomes `.lost(reason)`.
    func terminate(_ reason: String) {
        switch phase {
        case .starting: refuse(.cancelled)
        case .running: phase = .closing(reason: reason, until: .now + .seconds(5))
        case .closing, .finished: break
        }
    }

    /// Moves what can be moved without waiting. True when anything moved.
    func pump() throws(SessionFailure) -> Bool {
        switch phase {
        case .starting: return try startCommand()
        case .running: return try exchange()
        case .closing(let reason, let until): return try finishClosing(reason, until)
        case .finished: return false
        }
    }

    /// The session is gone. Hands over what had arrived as far as the local socket takes it.
    func abandon(_ reason: String) {
        switch phase {
        case .starting: request.started(.failure(.lost(host: host, reason: reason)))
        case .running: _ = flushLocal()
        case .closing, .finished: break
        }
        report(.lost(reason))
        phase = .finished
    }

    // MARK: Phases

    private func startCommand() throws(SessionFailure) -> Bool {
        let code = execute()
        if code == Libssh2.again { return false }
        if code == 0 {
            phase = .running
            request.started(.success(()))
        } else {
            let reason = session.errorText
            try check(code)
            refuse(.channel(host: host, reason: reason))
        }
        return true
    }

    private func refuse(_ error: SSHError) {
        request.started(.failure(error))
        phase = .closing(reason: error.description, until: .now + .seconds(5))
    }

    private func exchange() throws(SessionFailure) -> Bool {
        var moved = receiveLocal()
        if try writeHost() { moved = true }
        if try sendEnd() { moved = true }
        if try readHost() { moved = true }
        if case .running = phase, flushLocal() { moved = true }
        guard case .running = phase, libssh2_channel_eof(raw) == 1 else { return moved }
        if fromHost.isEmpty, !passedEnd {
            passedEnd = true
            moved = true
            shutdown(socket, Int32(SHUT_WR))
        }
        if passedEnd {
            waitsForClose = true
            let code = order.halfSent == nil ? Int(libssh2_channel_wait_closed(raw)) : Libssh2.again
            if code == Libssh2.again { return moved }
            try check(code)
            phase = .closing(reason: nil, until: .now + .seconds(5))
            return true
        }
        return moved
    }

    private func finishClosing(_ reason: String?, _ until: ContinuousClock.Instant) throws(SessionFailure) -> Bool {
        fromHost.removeAll()
        // A call that is half sent comes to its end first.
        if let call = order.halfSent, call.channel == id {
            switch call.kind {
            case .exec:
                let code = execute()
                if code != Libssh2.again { try check(code) }
            case .write: _ = try writeHost()
            case .readOutput, .readErrors: _ = try readHost()
            case .open: break
            }
        }
        let code = order.makeSmall {
            sentClose = true
            return Int(libssh2_channel_close(raw))
        }
        if code == Libssh2.again {
            if let reason, sentClose { report(.lost(reason)) }
            if ContinuousClock.now < until { return false }
        }
        if code != Libssh2.again { try check(code) }
        report(status(reason))
        phase = .finished
        // With the close sent this can't wait; a half-sent packet of this channel would be, so the session goes on
        // only if there is none.
        if order.halfSent?.channel == id { throw SessionFailure(reason: "a channel couldn't be closed in time") }
        libssh2_channel_free(raw)
        return true
    }

    private func execute() -> Int {
        let line = request.line
        return order.make(.init(channel: id, kind: .exec)) {
            Int(libssh2_channel_process_startup(raw, "exec", 4, line, UInt32(line.utf8.count)))
        }
    }

    private func status(_ reason: String?) -> RemoteExit {
        var signal: UnsafeMutablePointer<CChar>?
        var length = 0
        let code = libssh2_channel_get_exit_signal(raw, &signal, &length, nil, nil, nil, nil)
        if code == 0, let signal {
            defer { libssh2_free(session.raw, signal) }
            return .signalled(String(cString: signal))
        }
        let exit = libssh2_channel_get_exit_status(raw)
        // 0 is also what libssh2 has when the host told nothing.
        if exit == 0, let reason { return .lost(reason) }
        return .exited(exit)
    }

    private func report(_ status: RemoteExit) {
        closeSocket()
        request.record.finish(status)
    }

    private func closeSocket() {
        if socket >= 0 { close(socket) }
        socket = -1
    }

    // MARK: Bytes

    private func receiveLocal() -> Bool {
        guard mayReceive, !localEnded, toHost.room > 0 else { return false }
        let memory = toHost.free()
        let count = recv(socket, memory.baseAddress, memory.count, 0)
        if count > 0 {
            toHost.added(count)
            return true
        }
        if count < 0, errno == EAGAIN || errno == EINTR {
            mayReceive = false
            return false
        }
        localEnded = true
        return true
    }

    private func writeHost() throws(SessionFailure) -> Bool {
        var moved = false
        while !toHost.isEmpty {
            let bytes = toHost.bytes
            let code = order.make(.init(channel: id, kind: .write)) {
                Int(
                    libssh2_channel_write_ex(
                        raw, 0, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                        min(bytes.count, Self.maximumWrite)))
            }
            if code == Libssh2.again || code == 0 { break }
            if code < 0 {
                try check(code)
                // The host no longer takes input; what it still says is read on.
                toHost.removeAll()
                localEnded = true
                sentEnd = true
                break
            }
            toHost.removeFirst(code)
            moved = true
        }
        return moved
    }

    private func sendEnd() throws(SessionFailure) -> Bool {
        guard localEnded, toHost.isEmpty, !sentEnd else { return false }
        let code = order.makeSmall { Int(libssh2_channel_send_eof(raw)) }
        if code == Libssh2.again { return false }
        if code != 0 { try check(code) }
        sentEnd = true
        return true
    }

    private func readHost() throws(SessionFailure) -> Bool {
        var moved = false
        while fromHost.room >= Self.readSize {
            let memory = fromHost.free()
            let code = order.make(.init(channel: id, kind: .readOutput)) {
                Int(
                    libssh2_channel_read_ex(
                        raw, 0, memory.baseAddress?.assumingMemoryBound(to: CChar.self), Self.readSize))
            }
            if code <= 0 {
                if code < 0, code != Libssh2.again { try check(code) }
                break
            }
            fromHost.added(code)
            moved = true
        }
        return try readErrors() || moved
    }

    private func readErrors() throws(SessionFailure) -> Bool {
        var moved = false
        var failure: SessionFailure?
        withUnsafeTemporaryAllocation(byteCount: 32768, alignment: 1) { memory in
            while failure == nil {
                let code = order.make(.init(channel: id, kind: .readErrors)) {
                    Int(
                        libssh2_channel_read_ex(
                            raw, SSH_EXTENDED_DATA_STDERR, memory.baseAddress?.assumingMemoryBound(to: CChar.self),
                            memory.count))
                }
                if code <= 0 {
                    if code < 0, code != Libssh2.again {
                        do throws(SessionFailure) { try check(code) } catch { failure = error }
                    }
                    break
                }
                request.record.appendError(UnsafeRawBufferPointer(rebasing: memory[..<code]))
                moved = true
            }
        }
        if let failure { throw failure }
        return moved
    }

    /// Hands what came from the host to the local socket.
    private func flushLocal() -> Bool {
        var moved = false
        while !fromHost.isEmpty {
            let bytes = fromHost.bytes
            let count = send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                fromHost.removeFirst(count)
                moved = true
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                break
            } else {
                terminate("the local side closed its socket before the command had ended")
                return true
            }
        }
        return moved
    }

    /// Throws unless the error is the channel's own.
    private func check(_ code: Int) throws(SessionFailure) {
        switch Int32(code) {
        case 0, LIBSSH2_ERROR_CHANNEL_OUTOFORDER, LIBSSH2_ERROR_CHANNEL_FAILURE, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED,
            LIBSSH2_ERROR_CHANNEL_CLOSED, LIBSSH2_ERROR_CHANNEL_EOF_SENT:
            return
        default:
            throw SessionFailure(reason: session.errorText)
        }
    }
}
