import AgentProtocol
import Coordinator
import Foundation
import Glibc
import Model
import Synchronization

/// A host whose libvirt is a value in memory, and whose agent is the real one on threads of this process: disks are
/// real files, and bytes travel over real sockets.
package final class FakeHost: HostDriver {
    private struct State {
        var libvirt: FakeLibvirt
        var profile: HostProfile
        var agents: [InProcessAgent] = []
        var startListeners: [String: [AsyncStream<Void>.Continuation]] = [:]
        var eventListeners: [AsyncStream<AgentEvent>.Continuation] = []
        var isClosed = false
        var sharesStorage = false
        var isFrozen = false
        var abandoned: KVMCloneError?
        var backup: FakeBackup?
    }

    package let name: String
    /// The folder behind its pool `default`.
    package let pool: String
    package let faults = FaultPlan()
    private let folder: TemporaryFolder
    private let stateFolder: String
    private let state: Mutex<State>

    package init(_ name: String) throws {
        self.name = name
        folder = try TemporaryFolder()
        pool = try folder.folder("pool")
        stateFolder = try folder.folder("state")
        state = Mutex(
            State(
                libvirt: FakeLibvirt(pool: pool),
                profile: HostProfile(
                    pools: ["default": pool], defaultPool: "default", transferAddress: "127.0.0.1",
                    dataPorts: 50_000...59_999)))
    }

    // MARK: What tests do to it

    /// Changes what its libvirt knows.
    package func changeLibvirt(_ change: (inout FakeLibvirt) -> Void) {
        state.withLock { change(&$0.libvirt) }
    }

    /// Changes what the topology says of it.
    package func changeProfile(_ change: (inout HostProfile) -> Void) {
        state.withLock { change(&$0.profile) }
    }

    /// Puts a machine on it: disks and definition. Blocks.
    package func add(_ machine: MachineRecipe) throws {
        try machine.makeDisks(in: pool)
        try state.withLock { try $0.libvirt.define(machine.xml(folder: pool)) }
    }

    /// Starts a VM, as somebody else would.
    package func startMachine(_ name: String) {
        let listeners = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            guard let place = state.libvirt.domains.firstIndex(where: { $0.name == name }) else { return [] }
            state.libvirt.domains[place].state = .running
            return state.startListeners[state.libvirt.domains[place].uuid] ?? []
        }
        for listener in listeners { listener.yield() }
    }

    /// True when somebody waits for starts.
    package var isWatchedForStarts: Bool { state.withLock { !$0.startListeners.isEmpty } }

    /// Ends the running agent, as a lost connection does.
    package func killAgent() {
        state.withLock { $0.agents.last }?.kill()
    }

    /// From now on it neither answers nor breaks any connection, or does so again.
    package func freeze(_ isFrozen: Bool = true) {
        state.withLock { state in
            state.isFrozen = isFrozen
            state.abandoned = nil
        }
    }

    /// True while an agent whose channel has ended still gives back what it held.
    package var isAgentEnding: Bool { state.withLock { $0.agents.contains { !$0.isAlive && $0.isServing } } }

    // MARK: The agent

    package func call<R: AgentRequest>(_ request: R) async throws(KVMCloneError) -> R.Response {
        try await named(R.name) { () throws(KVMCloneError) in
            try await thawed()
            if let answer = try backupAnswer(request) as? R.Response { return answer }
            let answer = try await agent().call(request)
            try await thawed()
            guard let request = request as? FilesExist, let found = answer as? [Bool] else { return answer }
            return isolated(found, request.paths) as? R.Response ?? answer
        }
    }

    /// Files of other hosts lie on the same machine, and aren't there all the same, unless storage is shared.
    private func isolated(_ found: [Bool], _ paths: [String]) -> [Bool] {
        guard !state.withLock({ $0.sharesStorage }) else { return found }
        return zip(found, paths).map { isThere, path in
            isThere && (path.hasPrefix(folder.path + "/") || !path.contains("/kvm-clone-sim-"))
        }
    }

    /// Whether it has the files of all other hosts.
    package func shareStorage() {
        state.withLock { $0.sharesStorage = true }
    }

    /// The agent, past all faults, for looking on.
    package func ask<R: AgentRequest>(_ request: R) async throws(KVMCloneError) -> R.Response {
        try await agent().call(request)
    }

    package func greet() async throws(KVMCloneError) -> Hello.Response {
        try await call(Hello())
    }

    package func purge() async throws(KVMCloneError) {
        try await named("purge") { () throws(KVMCloneError) in killAgent() }
    }

    package func ping() async throws(KVMCloneError) {
        try await thawed()
        guard let last = state.withLock({ $0.agents.last }), last.isAlive else { return }
        _ = try await last.call(Ping())
    }

    package func abandon(_ reason: KVMCloneError) async {
        state.withLock { state in
            state.abandoned = reason
            state.agents.last?.kill()
        }
    }

    /// Waits while the host hangs.
    private func thawed() async throws(KVMCloneError) {
        while state.withLock({ $0.isFrozen }) {
            if let reason = state.withLock({ $0.abandoned }) { throw reason }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { throw KVMCloneError(.cancelled, "cancelled") }
        }
    }

    package func agentEvents() async -> AsyncStream<AgentEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: AgentEvent.self, bufferingPolicy: .bufferingNewest(64))
        let isClosed = state.withLock { state in
            state.eventListeners.append(continuation)
            return state.isClosed
        }
        if isClosed { continuation.finish() }
        return stream
    }

    private func agent() throws(KVMCloneError) -> InProcessAgent {
        do {
            return try state.withLock { state in
                guard !state.isClosed else { throw KVMCloneError(.connection, "the host was closed") }
                if let last = state.agents.last, last.isAlive { return last }
                let fresh = try InProcessAgent(host: name, stateFolder: stateFolder) { [weak self] in self?.tell($0) }
                state.agents.append(fresh)
                return fresh
            }
        } catch {
            throw (error as? KVMCloneError ?? KVMCloneError(.general, "\(error)")).on(name)
        }
    }

    private func tell(_ event: AgentEvent) {
        for listener in state.withLock({ $0.eventListeners }) { listener.yield(event) }
    }

    // MARK: Libvirt

    package func profile() async throws(KVMCloneError) -> HostProfile {
        try await named("profile") { () throws(KVMCloneError) in state.withLock { $0.profile } }
    }

    package func connection() async -> ConnectionReport { ConnectionReport(kind: "local", note: nil) }

    package func hypervisor() async throws(KVMCloneError) -> HypervisorFacts {
        try await named("hypervisor") { () throws(KVMCloneError) in state.withLock { $0.libvirt.facts } }
    }

    package func domainCapabilities(of kind: MachineKind) async throws(KVMCloneError) -> String? {
        try await named("capabilities") { () throws(KVMCloneError) in
            try state.withLock { $0.libvirt.capabilities }.get()
        }
    }

    package func compare(cpu: String, of kind: MachineKind) async throws(KVMCloneError) -> CPUFit? {
        try await named("cpu.compare") { () throws(KVMCloneError) in state.withLock { $0.libvirt.fit(cpu) } }
    }

    package func baseline(ofCPUs cpus: [String], of kind: MachineKind) async throws(KVMCloneError) -> String? {
        try await named("cpu.baseline") { () throws(KVMCloneError) in cpus.first }
    }

    package func domains() async throws(KVMCloneError) -> [DomainRecord] {
        try await named("domains") { () throws(KVMCloneError) in state.withLock { $0.libvirt.domains } }
    }

    package func domain(named name: String) async throws(KVMCloneError) -> DomainRecord? {
        try await named("domain") { () throws(KVMCloneError) in
            state.withLock { state in state.libvirt.record(named: name) }
        }
    }

    package func define(_ xml: String) async throws(KVMCloneError) {
        try await named("define") { () throws(KVMCloneError) in
            try state.withLock { state throws(KVMCloneError) in try state.libvirt.define(xml) }
        }
    }

    package func undefine(uuid: String) async throws(KVMCloneError) {
        try await named("undefine") { () throws(KVMCloneError) in
            try state.withLock { state throws(KVMCloneError) in try state.libvirt.undefine(uuid) }
        }
    }

    package func attachments(ofDomain uuid: String) async throws(KVMCloneError) -> DomainAttachments {
        try await named("attachments") { () throws(KVMCloneError) in
            try state.withLock { state throws(KVMCloneError) in try state.libvirt.attachments(of: uuid) }
        }
    }

    package func attach(_ attachments: DomainAttachments, toDomain uuid: String) async throws(KVMCloneError) {
        try await named("attach") { () throws(KVMCloneError) in
            try state.withLock { state throws(KVMCloneError) in try state.libvirt.attach(attachments, to: uuid) }
        }
    }

    package func start(domain uuid: String) async throws(KVMCloneError) {
        try await named("start") { () throws(KVMCloneError) in
            try state.withLock { state throws(KVMCloneError) in
                try state.libvirt.change(uuid, from: .stopped, to: .running)
            }
        }
    }

    package func shutDown(domain uuid: String) async throws(KVMCloneError) {
        try await named("shutdown") { () throws(KVMCloneError) in
            try state.withLock { state throws(KVMCloneError) in
                let isDeaf = state.libvirt.deaf.contains(uuid)
                try state.libvirt.change(uuid, from: .running, to: isDeaf ? .running : .stopped)
            }
        }
    }

    package func powerOff(domain uuid: String) async throws(KVMCloneError) {
        try await named("poweroff") { () throws(KVMCloneError) in
            try state.withLock { state throws(KVMCloneError) in
                try state.libvirt.change(uuid, from: .running, to: .stopped)
            }
        }
    }

    package func freeze(domain uuid: String, within seconds: Int) async throws(KVMCloneError) -> Int {
        try await named("freeze") { () throws(KVMCloneError) in
            _ = state.withLock { $0.libvirt.frozen.insert(uuid) }
            return 1
        }
    }

    package func thaw(domain uuid: String) async throws(KVMCloneError) {
        try await named("thaw") { () throws(KVMCloneError) in
            _ = state.withLock { $0.libvirt.frozen.remove(uuid) }
        }
    }

    package func deleteCheckpoint(ofDomain uuid: String, _ name: String) async throws(KVMCloneError) {
        try await named("checkpoint.delete") { () throws(KVMCloneError) in
            state.withLock { state in
                guard let place = state.libvirt.domains.firstIndex(where: { $0.uuid == uuid }) else { return }
                state.libvirt.domains[place].checkpoints.removeAll { $0 == name }
            }
        }
    }

    package func beginBackup(ofDomain uuid: String, xml: String, checkpoint: String?) async throws(KVMCloneError) {
        try await named("backup.begin") { () throws(KVMCloneError) in
            guard let backup = state.withLock({ $0.backup }) else {
                throw KVMCloneError(.libvirt, "the backup's socket can't be made")
            }
            let images = state.withLock { $0.libvirt.images(of: uuid) }
            try backup.begin(xml, images: images)
            guard let checkpoint, let name = checkpoint.firstMatch(of: #/<name>([^<]*)</name>/#)?.1 else { return }
            try FakeBackup.addBitmap(String(name), images: images)
            state.withLock { state in
                guard let place = state.libvirt.domains.firstIndex(where: { $0.uuid == uuid }) else { return }
                state.libvirt.domains[place].checkpoints.append(String(name))
            }
        }
    }

    /// What is left of a backup; nil when nothing is.
    package var backup: FakeBackup? { state.withLock { $0.backup } }

    /// Answers for the guard, which needs a real libvirt.
    private func backupAnswer(_ request: some AgentRequest) throws(KVMCloneError) -> (any Sendable)? {
        switch request {
        case let request as OpenBackup:
            let backup = try FakeBackup(folder: folder.path, operation: request.backup.operation)
            state.withLock { $0.backup = backup }
            return OpenBackup.Response(socket: backup.socket)
        case is NoteFreeze: return Done()
        case let request as CloseBackup:
            state.withLock { state in
                state.libvirt.frozen.remove(request.backup.domain)
                state.backup?.end()
                state.backup = nil
            }
            return Done()
        default: return nil
        }
    }

    package func starts(ofDomain uuid: String) async throws(KVMCloneError) -> AsyncStream<Void> {
        try await named("starts") { () throws(KVMCloneError) in
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            state.withLock { $0.startListeners[uuid, default: []].append(continuation) }
            return stream
        }
    }

    package func join(_ descriptor: Int32, toSocket path: String) async throws(KVMCloneError) {
        do throws(KVMCloneError) {
            try await named("join.pipe") { () throws(KVMCloneError) in
                do {
                    try SocketPump.start(dup(descriptor), to: path)
                } catch {
                    throw error as? KVMCloneError ?? KVMCloneError(.general, "\(error)")
                }
            }
            Glibc.close(descriptor)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    package func close() async {
        let (agents, events, starts) = state.withLock { state in
            state.isClosed = true
            return (state.agents, state.eventListeners, state.startListeners.values.flatMap { $0 })
        }
        for agent in agents { agent.kill() }
        for listener in events { listener.finish() }
        for listener in starts { listener.finish() }
        while agents.contains(where: \.isServing) {
            // Only a cancelled caller ends the sleep early, and then we ask again.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// A call under its name, with faults, and with the host's name in its errors.
    func named<Value>(
        _ call: String, _ body: () async throws(KVMCloneError) -> Value
    ) async throws(KVMCloneError) -> Value {
        do throws(KVMCloneError) {
            if Task.isCancelled { throw KVMCloneError(.cancelled, "cancelled") }
            return try await faults.perform(call, body)
        } catch {
            throw error.on(name)
        }
    }
}
