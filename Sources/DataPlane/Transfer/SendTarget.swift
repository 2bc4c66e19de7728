import Synchronization

/// Is told when a target is lost: its name, one of its links, and why.
public typealias TargetLoss = @Sendable (String, LinkNumber, TransferError) -> Void

/// One target of a sending or relaying job, over all of the streams that it has from there.
final class SendTarget: Sendable {
    let id: String
    let salt: Salt
    /// True when nobody waits for this target: it gets the frames that it has time for, and lacks the others.
    let mayLag: Bool
    /// Limit on what this target is sent, over all of its streams.
    let limiter: RateLimiter
    /// Bytes given to the kernel for this target.
    let sent = Atomic<UInt64>(0)
    /// Bytes that the target says it has taken in.
    let consumed = Atomic<UInt64>(0)
    private let sockets: [Socket]
    private let failed = Atomic<Bool>(false)
    private let reason = Mutex<TransferError?>(nil)
    private let link: LinkNumber?
    private let onLost: TargetLoss?

    /// `links`: past their handshakes. `earlier`: those of the job that came before; what is sent to the same target has
    /// one limit. `rate`: in bytes per second; nil: as before. `onLost`: called once.
    init(
        id: String, salt: Salt, links: [(LinkNumber, Socket)], mayLag: Bool = false, earlier: [SendTarget] = [],
        rate: UInt64? = nil, onLost: TargetLoss?
    ) {
        self.id = id
        limiter = earlier.first { $0.id == id }?.limiter ?? RateLimiter(bytesPerSecond: nil)
        if let rate { limiter.setRate(rate) }
        self.mayLag = mayLag
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

    func shutDown() { for socket in sockets { socket.shutDown() } }
}
