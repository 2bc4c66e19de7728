import Synchronization

/// One target of a sending or relaying job, over all of the streams that it has from there.
final class SendTarget: Sendable {
    let id: String
    let salt: Salt
    /// Bytes given to the kernel for this target.
    let sent = Atomic<UInt64>(0)
    /// Bytes that the target says it has taken in.
    let consumed = Atomic<UInt64>(0)
    private let sockets: [Socket]
    private let failed = Atomic<Bool>(false)
    private let reason = Mutex<TransferError?>(nil)
    private let onLost: (@Sendable (String, TransferError) -> Void)?

    init(
        id: String, salt: Salt, sockets: [Socket], onLost: (@Sendable (String, TransferError) -> Void)? = nil
    ) {
        self.id = id
        self.salt = salt
        self.sockets = sockets
        self.onLost = onLost
    }

    var hasFailed: Bool { failed.load(ordering: .acquiring) }
    var failure: TransferError? { reason.withLock { $0 } }

    /// Takes the target out of the job: its other streams see it at their next step.
    func fail(_ error: TransferError) {
        reason.withLock { if $0 == nil { $0 = error } }
        let isFirst = !failed.exchange(true, ordering: .acquiringAndReleasing)
        shutDown()
        if isFirst { onLost?(id, error) }
    }

    func shutDown() { for socket in sockets { socket.shutDown() } }
}
