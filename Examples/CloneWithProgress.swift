import KVMClone

/// How a program of your own uses the library: look at what there is, clone a VM with a progress callback, ask how
/// the operation stands, stop one that isn't wanted any more, and close.
public struct CloneWithProgress: Sendable {
    private let client: Client

    /// Opens a client for the hosts of a topology file. Blocks while it reads the file.
    ///
    /// - Parameters:
    ///   - stateFolder: where operations are kept; nil: where kvm-clone keeps them for this user.
    ///   - agent: the agent's executable; nil: the one beside this program.
    public init(topology: String, stateFolder: String? = nil, agent: String? = nil) throws(KVMCloneError) {
        var options = ClientOptions()
        options.topologyFile = topology
        options.agentPath = agent
        if let stateFolder { options.stateFolder = stateFolder }
        client = try Client(options)
    }

    /// Clones a VM under a new name and calls `progress` with percents, from any thread.
    public func clone(
        vm: String, from source: String, to target: String, as newName: String,
        progress: @escaping @Sendable (Int) -> Void
    ) async throws(KVMCloneError) -> OperationResult {
        var options = CloneOptions()
        options.newName = newName
        return try await client.clone(vm: vm, from: source, to: target, options: options) { event in
            guard case .progress(let snapshot) = event, let disks = snapshot.targets.first?.disks else { return }
            let total = disks.reduce(0) { $0 + $1.total }
            let done = disks.reduce(0) { $0 + $1.done }
            progress(total == 0 ? 100 : Int(done * 100 / total))
        }
    }

    /// Starts a clone, and stops it as soon as bytes are on their way. Nothing of it is left on the target.
    public func cloneAndCancel(
        vm: String, from source: String, to target: String, as newName: String
    ) async throws(KVMCloneError) -> OperationResult {
        var options = CloneOptions()
        options.newName = newName
        let request = CloneRequest(kind: .clone, vm: vm, source: source, targets: [target], options: options)
        let id = OperationID()
        return try await client.run(request, id: id) { [client] event in
            guard case .phase(_, .copying, _) = event else { return }
            Task {
                do {
                    let isStopping = try await client.cancel(id)
                    print(isStopping ? "\(id) is being cancelled" : "\(id) has ended already")
                } catch {
                    print("can't cancel \(id): \(error)")
                }
            }
        }
    }

    /// Names of the VMs on each host. A host that can't be asked is an error, and not an empty list.
    public func names(on hosts: [String] = []) async throws(KVMCloneError) -> [String: [String]] {
        var names: [String: [String]] = [:]
        for listing in try await client.list(hosts) {
            if let error = listing.error { throw error }
            names[listing.host] = listing.vms.map(\.name)
        }
        return names
    }

    /// How an operation stands or has ended.
    public func state(of id: OperationID) async throws(KVMCloneError) -> OperationState {
        try await client.operation(id).state
    }

    /// Ends all connections and agents.
    public func close() async {
        await client.close()
    }
}
