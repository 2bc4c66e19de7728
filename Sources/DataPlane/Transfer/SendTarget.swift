import Synchronization

/// One target of a send job, over all of its streams.
final class SendTarget: Sendable {
    let id: String
    let salt: Salt
    let sockets: [Socket]
    /// Bytes given to the kernel for this target.
    let sent = Atomic<UInt64>(0)
    /// Bytes that the target says it has taken in.
    let consumed = Atomic<UInt64>(0)
    private let failed = Atomic<Bool>(false)
    private let reason = Mutex<TransferError?>(nil)

    init(id: String, salt: Salt, sockets: [Socket]) {
        self.id = id
        self.salt = salt
        self.sockets = sockets
    }

    var hasFailed: Bool { failed.load(ordering: .acquiring) }
    var failure: TransferError? { reason.withLock { $0 } }

    /// Takes the target out of the job: its other streams see it at their next step.
    func fail(_ error: TransferError) {
        reason.withLock { if $0 == nil { $0 = error } }
        failed.store(true, ordering: .releasing)
        shutDown()
    }

    func shutDown() { for socket in sockets { socket.shutDown() } }
}
