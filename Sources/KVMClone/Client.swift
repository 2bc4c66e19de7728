import AgentProtocol
import Coordinator
import Hosts
import Logging
import Model
import Store
import Synchronization
import Topology

/// Clones, lists and looks after VMs on the hosts of a topology.
///
/// Nothing is connected before it is needed. Call `close()` at the end: it ends all connections and agents.
public actor Client {
    private let directory: HostDirectory
    private let budgets: Budgets
    private let store: OperationStore
    private let logger: Logger
    private let recorders = RecorderTable()
    private let running = Mutex<[OperationID: StopSignal]>([:])

    /// Reads the topology and opens the store. Blocks for as long as that takes.
    public init(_ options: ClientOptions = ClientOptions()) throws(KVMCloneError) {
        directory = try HostDirectory(options)
        budgets = Budgets(fleet: directory.fleet)
        store = try OperationStore(folder: options.stateFolder)
        logger = options.logger.recording(in: recorders)
    }

    /// Clones, replicates, syncs or moves a VM, and waits for the end.
    ///
    /// `onEvent` is called from any thread, one call at a time per source of events, at most ten progress events a
    /// second. Cancelling the task stops the operation; `whenCancelled` says what becomes of what was copied. Throws when
    /// nothing could begin: wrong names, unreachable hosts, findings of the preflight. Otherwise each target's outcome is
    /// in the result.
    public func run(
        _ request: CloneRequest, id: OperationID = OperationID(), whenCancelled ending: StopEnding = .undo,
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        let expanded = try expand(request)
        return try await perform(id, ending, onEvent) { [coordinator] stop, emit throws(KVMCloneError) in
            try await coordinator.run(expanded, id: id, stop: stop, emit: emit)
        }
    }

    /// Compares a VM with copies of it, as their guests read them, and writes nothing: `kind` is `diff` or `verify`, and
    /// the option `newName` the copies' name. The copies must be shut off; the VM may run.
    ///
    /// Otherwise as `run`; every copy has its verdict in the result.
    public func compare(
        _ request: CloneRequest, id: OperationID = OperationID(),
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> VMComparison {
        let expanded = try expand(request)
        return try await perform(id, .undo, onEvent) { [coordinator] stop, emit throws(KVMCloneError) in
            try await coordinator.compare(expanded, id: id, stop: stop, emit: emit)
        }
    }

    /// Defines a replica as the VM that it is of, or as one of its own; it is a replica no more. Throws when that can't be
    /// done, as while the origin may still be alive; then it is a replica as before.
    public func promote(
        _ request: PromotionRequest, id: OperationID = OperationID(),
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await perform(id, .undo, onEvent) { [coordinator] stop, emit throws(KVMCloneError) in
            try await coordinator.promote(request, id: id, stop: stop, emit: emit)
        }
    }

    /// Goes on with an interrupted operation where it stood, and waits for the end: with the targets that have no copy
    /// yet, and there with what was copied already, unless the source has changed since. Otherwise as `run`.
    ///
    /// `options` replace those that it was begun with; they must make the same copy. Throws, with exit code 75, when a
    /// process works on it.
    public func resume(
        _ id: OperationID, options: CloneOptions? = nil, whenCancelled ending: StopEnding = .keep,
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await perform(id, ending, onEvent) { [coordinator] stop, emit throws(KVMCloneError) in
            try await coordinator.resume(id, options: options, stop: stop, emit: emit)
        }
    }

    /// The newest interrupted operation that was to do the same as a request; nil when there is none.
    public func interrupted(like request: CloneRequest) async throws(KVMCloneError) -> OperationStatus? {
        let request = try expand(request)
        for status in try await registry.operations(includingEnded: false) where status.state == .interrupted {
            guard let other = try await store.request(of: status.id), other.doesTheSame(as: request) else { continue }
            return status
        }
        return nil
    }

    private func expand(_ request: CloneRequest) throws(KVMCloneError) -> CloneRequest {
        var request = request
        request.targets = try directory.expand(request.targets)
        return request
    }

    private typealias Emit = @Sendable (OperationEvent) -> Void

    /// Runs `work` as an operation of this process, with a log.
    private func perform<Value: Sendable>(
        _ id: OperationID, _ ending: StopEnding, _ onEvent: @escaping Emit,
        _ work: @escaping @Sendable (StopSignal, @escaping Emit) async throws(KVMCloneError) -> Value
    ) async throws(KVMCloneError) -> Value {
        let stop = StopSignal()
        running.withLock { $0[id] = stop }
        defer { running.withLock { $0[id] = nil } }
        let recorder = OperationRecorder(id, store: store)
        recorders.set(recorder, for: id)
        let recording = Task { await recorder.run() }
        let emit: Emit = { event in
            recorder.add(event)
            onEvent(event)
        }
        let result = await withTaskCancellationHandler {
            await shielded { () -> Result<Value, KVMCloneError> in
                do throws(KVMCloneError) { return .success(try await work(stop, emit)) } catch {
                    return .failure(error)
                }
            }
        } onCancel: {
            stop.stop(.cancelled("stopped", ending), ending)
        }
        recorders.set(nil, for: id)
        recording.cancel()
        if let error = await recording.value {
            logger.warning("the operation's log is not complete", metadata: ["error": "\(error)"])
        }
        return try result.get()
    }

    /// Clones a VM to one host.
    public func clone(
        vm: String, from source: String, to target: String, options: CloneOptions = CloneOptions(),
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await run(
            CloneRequest(kind: .clone, vm: vm, source: source, targets: [target], options: options), onEvent: onEvent)
    }

    /// Makes a copy of a VM on each of several hosts at once.
    public func replicate(
        vm: String, from source: String, to targets: [String], options: CloneOptions = CloneOptions(),
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await run(
            CloneRequest(kind: .replicate, vm: vm, source: source, targets: targets, options: options),
            onEvent: onEvent)
    }

    /// Makes replicas of a VM on other hosts, or brings those that are there to its present state.
    public func sync(
        vm: String, from source: String, to targets: [String], options: CloneOptions = CloneOptions(),
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await run(
            CloneRequest(kind: .sync, vm: vm, source: source, targets: targets, options: options), onEvent: onEvent)
    }

    /// Moves a VM to another host: live if it runs, unless the options say otherwise.
    public func migrate(
        vm: String, from source: String, to target: String, options: CloneOptions = CloneOptions(),
        onEvent: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await run(
            CloneRequest(kind: .migrate, vm: vm, source: source, targets: [target], options: options), onEvent: onEvent)
    }

    /// Decides what a request would do, and changes nothing.
    public func plan(_ request: CloneRequest) async throws(KVMCloneError) -> ClonePlan {
        try await coordinator.plan(try expand(request))
    }

    /// The VMs of each host, all hosts asked at once. No names: all hosts of the topology, else this machine.
    /// Throws for names that no host can have.
    public func list(
        _ hosts: [String] = [], status: VMState? = nil
    ) async throws(KVMCloneError) -> [HostListing] {
        let names = hosts.isEmpty ? directory.allNames : try directory.expand(hosts)
        let directory = directory
        return await withTaskGroup(of: (Int, HostListing).self) { group in
            for (place, name) in names.enumerated() {
                group.addTask {
                    do throws(KVMCloneError) {
                        return (place, await (try directory.host(name)).listing(status: status))
                    } catch {
                        return (place, HostListing(host: name, vms: [], error: error))
                    }
                }
            }
            var listings: [Int: HostListing] = [:]
            for await (place, listing) in group { listings[place] = listing }
            return names.indices.compactMap { listings[$0] }
        }
    }

    /// Looks hosts over. No names: all hosts of the topology, else this machine.
    public func doctor(_ hosts: [String] = []) async throws(KVMCloneError) -> [DoctorReport] {
        var drivers: [any HostDriver] = []
        for name in hosts.isEmpty ? directory.allNames : try directory.expand(hosts) {
            drivers.append(try directory.host(name))
        }
        return await Doctor(drivers).reports()
    }

    /// Ends the agents on hosts and removes their executables.
    public func purge(_ hosts: [String]) async throws(KVMCloneError) {
        for name in hosts.isEmpty ? directory.allNames : try directory.expand(hosts) {
            try await directory.host(name).purge()
        }
    }

    /// Operations, newest first.
    public func operations(includingEnded: Bool = true) async throws(KVMCloneError) -> [OperationStatus] {
        try await registry.operations(includingEnded: includingEnded)
    }

    /// Where an operation stands.
    public func operation(_ id: OperationID) async throws(KVMCloneError) -> OperationStatus {
        try await registry.operation(id)
    }

    /// Asks an operation to stop, whichever process runs it. False when it has ended already. Throws when its process
    /// is gone.
    public func cancel(_ id: OperationID, _ ending: StopEnding = .undo) async throws(KVMCloneError) -> Bool {
        guard try await registry.requestStop(id, ending) else { return false }
        stopNow(id, ending)
        return true
    }

    /// Stops an operation that this client runs. One that is stopping already, and was to keep what it has copied, undoes
    /// that if told so.
    public nonisolated func stopNow(_ id: OperationID, _ ending: StopEnding) {
        running.withLock { $0[id] }?.stop(.cancelled("cancelled on request", ending), ending)
    }

    /// Undoes what operations have left whose process died, or that couldn't be undone at their end; nil: what all of
    /// them have left. A host that can't be reached keeps its steps for the next time. Throws for an operation that
    /// still runs.
    public func cleanUpFailedOperations(
        _ ids: [OperationID]? = nil
    ) async throws(KVMCloneError) -> [CleanUpReport] {
        let reports = try await recovery.cleanUp(ids)
        await shielded { [store, logger] in
            for report in reports {
                do throws(KVMCloneError) {
                    try await store.append(report.logEntries, to: report.id)
                } catch {
                    logger.warning("the clean-up isn't in the operation's log", metadata: ["error": "\(error)"])
                }
            }
        }
        return reports
    }

    /// Ends all connections and agents.
    public func close() async {
        await directory.close()
    }

    private var registry: OperationRegistry { OperationRegistry(store: store) }

    var coordinator: Coordinator {
        Coordinator(journal: store, logger: logger, fleet: directory.fleet, budgets: budgets, hosts: hosts)
    }

    private var recovery: Recovery {
        Recovery(journal: store, logger: logger, hosts: hosts)
    }

    private var hosts: Coordinator.Hosts {
        let directory = directory
        return { name throws(KVMCloneError) in try directory.host(name) }
    }
}
