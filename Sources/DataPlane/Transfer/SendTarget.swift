import Synchronization

/// Is told when a target is lost: its name, one of its links, and why.
public typealias TargetLoss = @Sendable (String, LinkNumber, TransferError) -> Void

/// How a target is joined to whoever sends to it.
public struct TargetTerms: Sendable {
    /// Whether frames that it has no time for are left out from the beginning, instead of holding up the others.
    public var mayLag = false
    /// Bytes per second that it was planned to take. One that holds the others up and takes less than 70 % of that for
    /// 10 s is left behind: from then on it is as if `mayLag` were set. nil: it is waited for in any case.
    public var due: UInt64?
    /// Spans of 10 s in a row that it takes. More for one that passes on, for what holds it up may be left behind further
    /// down.
    public var patience = 1
    /// Limit on what it is sent, in bytes per second, until another is set; nil for none.
    public var rate: UInt64?

    /// Terms of a target that is waited for, without a limit.
    public init(mayLag: Bool = false, due: UInt64? = nil, patience: Int = 1, rate: UInt64? = nil) {
        self.mayLag = mayLag
        self.due = due
        self.patience = patience
        self.rate = rate
    }
}

/// One target of a sending or relaying job, over all of the streams that it has from there.
final class SendTarget: Sendable {
    let id: String
    let salt: Salt
    /// True when nobody waits for this target: it gets the frames that it has time for, and lacks the others.
    let mayLag: Bool
    /// Limit on what this target is sent, over all of its streams.
    let limiter: RateLimiter
    /// What it was planned to take, in bytes per second.
    private let planned: UInt64?
    /// Spans in a row in which it may take less.
    let patience: Int
    /// Bytes given to the kernel for this target.
    let sent = Atomic<UInt64>(0)
    /// Bytes that the target says it has taken in.
    let consumed = Atomic<UInt64>(0)
    private let sockets: [Socket]
    private let failed = Atomic<Bool>(false)
    private let reason = Mutex<TransferError?>(nil)
    private let link: LinkNumber?
    private let onLost: TargetLoss?
    private let onLag: (@Sendable (String) -> Void)?
    private let lags = Atomic<Bool>(false)

    /// `links`: past their handshakes. `earlier`: those of the job that came before; what is sent to the same target has
    /// one limit. `onLost`, `onLag`: called once at most.
    init(
        id: String, salt: Salt, links: [(LinkNumber, Socket)], terms: TargetTerms = TargetTerms(),
        earlier: [SendTarget] = [], onLost: TargetLoss?, onLag: (@Sendable (String) -> Void)? = nil
    ) {
        self.id = id
        limiter = earlier.first { $0.id == id }?.limiter ?? RateLimiter(bytesPerSecond: nil)
        if let rate = terms.rate { limiter.setRate(rate) }
        mayLag = terms.mayLag
        patience = terms.patience
        planned = terms.due
        self.onLag = onLag
        self.salt = salt
        sockets = links.map(\.1)
        link = links.first?.0
        self.onLost = onLost
    }

    var hasFailed: Bool { failed.load(ordering: .acquiring) }
    var failure: TransferError? { reason.withLock { $0 } }

    /// Takes the target out of the job: its other streams see it at their next step.
    func fail(_ error: TransferError) {
        reason.withLock { if $0 == nil { $0 = error } }
        let isFirst = !failed.exchange(true, ordering: .acquiringAndReleasing)
        shutDown()
        if isFirst, let link { onLost?(id, link, error) }
    }

    /// One of its streams waits for it no more.
    func lag() {
        if !lags.exchange(true, ordering: .acquiringAndReleasing) { onLag?(id) }
    }

    /// What each of its streams has to take in, in bytes per second: what was planned, or less where it is limited to less;
    /// nil where nothing was planned.
    var due: UInt64? {
        planned.map { min($0, limiter.rate ?? $0) / UInt64(max(1, sockets.count)) }
    }

    /// What ends a target by somebody else's word.
    static let droppedByOrder = TransferError(.stalled, "its host does not answer any more")

    func shutDown() { for socket in sockets { socket.shutDown() } }
}
