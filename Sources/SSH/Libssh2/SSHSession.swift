import Glibc
import Synchronization

/// A libssh2 session: many commands over one TCP connection.
///
/// All of libssh2 and all I/O happen on one thread per session, which polls the connection and the local ends of
/// the channels. Each channel buffers at most 256 KiB per direction, beside its window.
public final class SSHSession: HostConnection {
    /// Always `.libssh2`.
    public let kind = ConnectionKind.libssh2
    /// Below sshd's default MaxSessions of 10.
    public let maximumCommands = 8

    private let mailbox: SessionMailbox
    private let host: String

    private init(mailbox: SessionMailbox, host: String) {
        self.mailbox = mailbox
        self.host = host
    }

    deinit {
        mailbox.post(.close)
    }

    /// True until the connection is lost or closed.
    public var isUsable: Bool { mailbox.isOpen }

    static func connect(_ plan: LoginPlan) async throws(SSHError) -> SSHSession {
        let mailbox = SessionMailbox(wake: try WakeEvent())
        let cancelled = try WakeEvent()
        let result: Result<Void, SSHError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do throws(SSHError) {
                    try startThread("ssh2") {
                        serve(plan, mailbox: mailbox, cancelled: cancelled) { continuation.resume(returning: $0) }
                        mailbox.end()
                    }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            cancelled.signal()
        }
        try result.get()
        return SSHSession(mailbox: mailbox, host: plan.host)
    }

    /// The body of the thread: everything of libssh2 is gone when it returns.
    private static func serve(
        _ plan: LoginPlan, mailbox: SessionMailbox, cancelled: WakeEvent,
        ready: (Result<Void, SSHError>) -> Void
    ) {
        let login = Login(plan: plan, cancelled: cancelled, deadline: .now + plan.timeout)
        do throws(SSHError) {
            let session = try login.run()
            ready(.success(()))
            SessionLoop(session: session, mailbox: mailbox, plan: plan).run()
        } catch {
            ready(.failure(error))
        }
    }

    /// See `HostConnection`. Cancelling while the channel is being opened closes it.
    public func start(
        _ command: RemoteCommand, adopting socket: consuming OwnedDescriptor
    ) async throws(SSHError) -> RemoteProcess {
        let descriptor = socket.release()
        let id = mailbox.nextID()
        let record = ProcessRecord()
        let line = command.shellLine
        let result: Result<Void, SSHError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let start = StartRequest(
                    id: id, line: line, socket: descriptor, record: record,
                    started: { continuation.resume(returning: $0) })
                if !mailbox.post(.start(start)) {
                    Glibc.close(descriptor)
                    continuation.resume(returning: .failure(.lost(host: host, reason: "the session has ended")))
                }
                // A cancellation from before the request was posted has found nothing to end.
                if Task.isCancelled { mailbox.post(.terminate(id)) }
            }
        } onCancel: {
            mailbox.post(.terminate(id))
        }
        try result.get()
        return RemoteProcess(record: record) { [mailbox] in mailbox.post(.terminate(id)) }
    }

    /// Ends the session's commands, says goodbye to the host and waits for the thread's end.
    public func close() async {
        mailbox.post(.close)
        await withCheckedContinuation { continuation in
            mailbox.whenEnded { continuation.resume() }
        }
    }
}

/// A command to start; `started` is called once, on the session's thread.
struct StartRequest: Sendable {
    let id: Int
    let line: String
    /// Owned by whoever holds the request.
    let socket: Int32
    let record: ProcessRecord
    let started: @Sendable (Result<Void, SSHError>) -> Void
}

enum SessionRequest: Sendable {
    case start(StartRequest)
    case terminate(Int)
    case close
}

/// How others talk to a session's thread.
final class SessionMailbox: Sendable {
    private struct State {
        var lastID = 0
        var requests: [SessionRequest] = []
        var hasEnded = false
        var isFinished = false
        var observers: [@Sendable () -> Void] = []
    }

    let wake: WakeEvent
    private let state = Mutex(State())

    init(wake: WakeEvent) {
        self.wake = wake
    }

    var isOpen: Bool { state.withLock { !$0.hasEnded } }

    func nextID() -> Int {
        state.withLock {
            $0.lastID += 1
            return $0.lastID
        }
    }

    /// False when the session has ended.
    @discardableResult
    func post(_ request: SessionRequest) -> Bool {
        let isOpen = state.withLock { state in
            if !state.hasEnded { state.requests.append(request) }
            return !state.hasEnded
        }
        if isOpen { wake.signal() }
        return isOpen
    }

    func take() -> [SessionRequest] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    /// No request is accepted from now on; returns those that weren't taken.
    func refuse() -> [SessionRequest] {
        state.withLock { state in
            state.hasEnded = true
            defer { state.requests = [] }
            return state.requests
        }
    }

    /// The thread's last call.
    func end() {
        let observers = state.withLock { state in
            state.hasEnded = true
            state.isFinished = true
            defer { state.observers = [] }
            return state.observers
        }
        for observer in observers { observer() }
    }

    func whenEnded(_ observer: @escaping @Sendable () -> Void) {
        let isFinished = state.withLock { state in
            if !state.isFinished { state.observers.append(observer) }
            return state.isFinished
        }
        if isFinished { observer() }
    }
}
