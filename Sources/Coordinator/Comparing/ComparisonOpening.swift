import AgentProtocol
import Model

/// Opens disks for comparing, as a step that is undone in the end.
struct ComparisonOpening: Sendable {
    let operation: CopyOperation
    let ledger: Ledger

    /// The source's disks. `socket`: of its backup's server, where it runs.
    func source(socket: String?) async throws(KVMCloneError) -> ComparedSide {
        try await open(operation.plan.files, of: operation.plan.vm, on: operation.source, socket: socket)
    }

    /// Disks of a VM, or of a replica, in the order of `files`.
    func open(
        _ files: [ClonePlan.File], of vm: String, on driver: any HostDriver, socket: String? = nil
    ) async throws(KVMCloneError) -> ComparedSide {
        let job = operation.comparisonJob
        let request = OpenComparison(
            job: job, operation: operation.id.description,
            disks: files.map { $0.opened(as: "\(vm)/\($0.disk)", socket: socket) },
            roots: try await driver.profile().pools.values.sorted())
        let opened = try await ledger.perform(.openSend(host: driver.name, job: job)) { () throws(KVMCloneError) in
            try await driver.call(request)
        }
        guard opened.sizes.count == files.count else {
            throw KVMCloneError(
                .connection, "the agent has opened \(opened.sizes.count) disks instead of \(files.count)",
                host: driver.name)
        }
        return ComparedSide(driver: driver, job: job, sizes: opened.sizes)
    }
}
