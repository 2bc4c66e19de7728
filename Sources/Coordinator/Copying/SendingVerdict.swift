import AgentProtocol
import Model
import Synchronization

/// What came of the source's part, once that is known: for those who must not wait for it.
final class SendingVerdict: Sendable {
    private let state = Mutex<Result<Send.Response, KVMCloneError>?>(nil)

    var value: Result<Send.Response, KVMCloneError>? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
