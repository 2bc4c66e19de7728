/// The sessions to one machine: one for control, which never carries bulk data, and a bounded number for bulk.
///
/// Sessions are opened when they are needed, one at a time (sshd's MaxStartups), with retries; a lost one is
/// replaced at the next use.
public actor ConnectionPool {
    /// What a command's socket carries.
    public enum Lane: Sendable, Hashable {
        /// Short requests and replies, libvirt.
        case control
        /// Disks and memory.
        case bulk
    }

    /// Limits of one pool.
    public struct Limits: Sendable {
        /// Sessions that carry bulk data, at least 1.
        public var bulkSessions = 4
        /// Before a second bulk session is opened for it, a session runs so many commands. More are put on sessions
        /// only when all `bulkSessions` are open.
        public var commandsBeforeNext = 1
        /// How failures to connect are treated.
        public var retry = RetryPolicy()

        /// Four bulk sessions.
        public init() {}
    }

    private struct Member {
        let id: Int
        let connection: any HostConnection
        var commands = 0
    }

    private let limits: Limits
    private let open: @Sendable () async throws(SSHError) -> Connected
    private var control: Member?
    private var bulk: [Member] = []
    private var lastID = 0
    private var isClosed = false
    private var isBusy = false
    private var waiting: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// Why the control session isn't the preferred kind; nil when it is, or before it was opened.
    public private(set) var why: String?

    /// A pool for `target`. Nothing is opened yet.
    public init(_ target: SSHTarget, preference: ConnectionPreference = .auto, limits: Limits = Limits()) {
        self.init(limits: limits) { () async throws(SSHError) in
            try await Connector.connect(target, preference: preference)
        }
    }

    init(limits: Limits, open: @escaping @Sendable () async throws(SSHError) -> Connected) {
        self.limits = limits
        self.open = open
    }

    /// Starts a command on a session of `lane`; opens one where needed, waits where all are full.
    public func start(_ command: RemoteCommand, on lane: Lane) async throws(SSHError) -> RemoteProcess {
        let member = try await acquire(lane)
        do throws(SSHError) {
            let process = try await member.connection.start(command)
            watch(process, member.id)
            return process
        } catch {
            release(member.id)
            throw error
        }
    }

    /// As `start`, with the command's stdin and stdout joined to `socket`, which the session then owns.
    public func start(
        _ command: RemoteCommand, on lane: Lane, adopting socket: consuming OwnedDescriptor
    ) async throws(SSHError) -> RemoteProcess {
        let member = try await acquire(lane)
        do throws(SSHError) {
            let process = try await member.connection.start(command, adopting: socket)
            watch(process, member.id)
            return process
        } catch {
            release(member.id)
            throw error
        }
    }

    /// The kind of the control session, which is opened if it isn't open.
    public func connect() async throws(SSHError) -> ConnectionKind {
        let member = try await acquire(.control)
        release(member.id)
        return member.connection.kind
    }

    /// Ends all commands and sessions; waits for them. The pool can't be used again.
    public func close() async {
        isClosed = true
        wakeAll()
        let members = bulk + [control].compactMap { $0 }
        bulk = []
        control = nil
        await withTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { await member.connection.close() } }
        }
    }

    // MARK: Members

    /// A session with a free place, which is taken.
    private func acquire(_ lane: Lane) async throws(SSHError) -> Member {
        while true {
            if Task.isCancelled { throw .cancelled }
            if isClosed { throw .lost(host: "the host", reason: "its pool of connections is closed") }
            dropUnusable()
            if let member = take(lane, upTo: lane == .bulk ? limits.commandsBeforeNext : .max) { return member }
            if !isBusy, lane == .control ? control == nil : bulk.count < limits.bulkSessions {
                do throws(SSHError) { try await openOne(lane) } catch {
                    // A session more is no need while one of those that are open has a place.
                    guard error != .cancelled, let member = take(lane, upTo: .max) else { throw error }
                    return member
                }
                continue
            }
            if !isBusy, let member = take(lane, upTo: .max) { return member }
            await waitForChange()
        }
    }

    /// The least used session of a lane with fewer than `limit` commands.
    private func take(_ lane: Lane, upTo limit: Int) -> Member? {
        func fits(_ member: Member) -> Bool {
            member.commands < min(limit, member.connection.maximumCommands)
        }
        switch lane {
        case .control:
            guard let member = control, fits(member) else { return nil }
            control?.commands += 1
            return member
        case .bulk:
            let candidates = bulk.indices.filter { fits(bulk[$0]) }
            guard let index = candidates.min(by: { bulk[$0].commands < bulk[$1].commands }) else { return nil }
            bulk[index].commands += 1
            return bulk[index]
        }
    }

    private func openOne(_ lane: Lane) async throws(SSHError) {
        isBusy = true
        defer {
            isBusy = false
            wakeAll()
        }
        let opened = try await limits.retry.run(open)
        if isClosed {
            await opened.connection.close()
            return
        }
        lastID += 1
        let member = Member(id: lastID, connection: opened.connection)
        switch lane {
        case .control:
            control = member
            why = opened.why
        case .bulk: bulk.append(member)
        }
    }

    private func watch(_ process: RemoteProcess, _ id: Int) {
        process.record.observe { _ in
            Task { await self.release(id) }
        }
    }

    private func release(_ id: Int) {
        if control?.id == id { control?.commands -= 1 }
        if let index = bulk.firstIndex(where: { $0.id == id }) { bulk[index].commands -= 1 }
        wakeAll()
    }

    private func dropUnusable() {
        if let member = control, !member.connection.isUsable { control = nil }
        bulk.removeAll { !$0.connection.isUsable }
    }

    // MARK: Waiting

    private func waitForChange() async {
        lastID += 1
        let id = lastID
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiting.append((id, continuation)) }
            }
        } onCancel: {
            Task { await self.wake(id) }
        }
    }

    private func wake(_ id: Int) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume()
    }

    private func wakeAll() {
        let all = waiting
        waiting = []
        for waiter in all { waiter.continuation.resume() }
    }
}
