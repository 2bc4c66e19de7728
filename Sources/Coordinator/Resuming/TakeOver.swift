import Model

extension OperationStatus {
    /// Throws unless another process may go on with the operation. `owner`: the one that ran it last.
    package func checkForTakeOver(owner: ProcessIdentity) throws(KVMCloneError) {
        switch state {
        case .interrupted: return
        case .pending, .running:
            guard owner.isAlive else { return }
            throw KVMCloneError(
                .clone, "operation \(id) still runs", whatToDo: "look on with kvm-clone status --follow \(id)",
                exitCode: .tryAgain)
        case .completed, .failed, .cancelled:
            throw KVMCloneError(
                .validation, "operation \(id) has ended: \(state.rawValue)",
                whatToDo: "there is nothing to go on with; begin a new one", field: "operation_id")
        }
    }
}

extension KVMCloneError {
    /// Nothing is known of an operation.
    package static func noOperation(_ id: OperationID) -> KVMCloneError {
        KVMCloneError(
            .operationNotFound, "there is no operation \(id)", whatToDo: "see all of them: kvm-clone op list --all",
            field: "operation_id")
    }
}
