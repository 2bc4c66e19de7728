import AgentProtocol
import Coordinator
import Foundation
import Model
import Simulation

/// A host whose agent answers some requests with JSON of the test's making.
struct LyingHost: HostDriver {
    let truth: FakeHost
    /// Answers by the names of requests.
    let lies: [String: String]

    var name: String { truth.name }

    func call<R: AgentRequest>(_ request: R) async throws(KVMCloneError) -> R.Response {
        guard let lie = lies[R.name] else { return try await truth.call(request) }
        do {
            return try JSONDecoder().decode(R.Response.self, from: Data(lie.utf8))
        } catch {
            throw KVMCloneError(.connection, "the agent's answer can't be understood", host: name, cause: "\(error)")
        }
    }

    func profile() async throws(KVMCloneError) -> HostProfile { try await truth.profile() }
    func connection() async -> ConnectionReport { await truth.connection() }
    func greet() async throws(KVMCloneError) -> Hello.Response { try await call(Hello()) }
    func purge() async throws(KVMCloneError) { try await truth.purge() }
    func ping() async throws(KVMCloneError) { try await truth.ping() }
    func abandon(_ reason: KVMCloneError) async { await truth.abandon(reason) }
    func agentEvents() async -> AsyncStream<AgentEvent> { await truth.agentEvents() }
    func hypervisor() async throws(KVMCloneError) -> HypervisorFacts { try await truth.hypervisor() }
    func domainCapabilities(of kind: MachineKind) async throws(KVMCloneError) -> String? {
        try await truth.domainCapabilities(of: kind)
    }
    func domains() async throws(KVMCloneError) -> [DomainRecord] { try await truth.domains() }
    func domain(named name: String) async throws(KVMCloneError) -> DomainRecord? {
        try await truth.domain(named: name)
    }
    func define(_ xml: String) async throws(KVMCloneError) { try await truth.define(xml) }
    func undefine(uuid: String) async throws(KVMCloneError) { try await truth.undefine(uuid: uuid) }
    func attachments(ofDomain uuid: String) async throws(KVMCloneError) -> DomainAttachments {
        try await truth.attachments(ofDomain: uuid)
    }
    func attach(_ attachments: DomainAttachments, toDomain uuid: String) async throws(KVMCloneError) {
        try await truth.attach(attachments, toDomain: uuid)
    }
    func start(domain uuid: String) async throws(KVMCloneError) { try await truth.start(domain: uuid) }
    func shutDown(domain uuid: String) async throws(KVMCloneError) { try await truth.shutDown(domain: uuid) }
    func powerOff(domain uuid: String) async throws(KVMCloneError) { try await truth.powerOff(domain: uuid) }
    func resume(domain uuid: String) async throws(KVMCloneError) { try await truth.resume(domain: uuid) }
    func migratableXML(ofDomain uuid: String) async throws(KVMCloneError) -> String {
        try await truth.migratableXML(ofDomain: uuid)
    }
    func migrate(
        domain uuid: String, to target: any HostDriver, _ migration: LiveMigration
    ) async throws(KVMCloneError) {
        try await truth.migrate(domain: uuid, to: target, migration)
    }
    func migrationProgress(ofDomain uuid: String) async throws(KVMCloneError) -> LiveProgress? {
        try await truth.migrationProgress(ofDomain: uuid)
    }
    func dirtyRate(ofDomain uuid: String) async throws(KVMCloneError) -> UInt64? {
        try await truth.dirtyRate(ofDomain: uuid)
    }
    func steer(migrationOf uuid: String, _ steering: LiveSteering) async throws(KVMCloneError) {
        try await truth.steer(migrationOf: uuid, steering)
    }
    func compare(cpu: String, of kind: MachineKind) async throws(KVMCloneError) -> CPUFit? {
        try await truth.compare(cpu: cpu, of: kind)
    }
    func baseline(ofCPUs cpus: [String], of kind: MachineKind) async throws(KVMCloneError) -> String? {
        try await truth.baseline(ofCPUs: cpus, of: kind)
    }
    func addOverlays(toDomain uuid: String, xml: String) async throws(KVMCloneError) {
        try await truth.addOverlays(toDomain: uuid, xml: xml)
    }
    func commit(disk: String, ofDomain uuid: String, into base: String) async throws(KVMCloneError) {
        try await truth.commit(disk: disk, ofDomain: uuid, into: base)
    }
    func freeze(domain uuid: String, within seconds: Int) async throws(KVMCloneError) -> Int {
        try await truth.freeze(domain: uuid, within: seconds)
    }
    func thaw(domain uuid: String) async throws(KVMCloneError) { try await truth.thaw(domain: uuid) }
    func deleteCheckpoint(ofDomain uuid: String, _ name: String) async throws(KVMCloneError) {
        try await truth.deleteCheckpoint(ofDomain: uuid, name)
    }

    func beginBackup(ofDomain uuid: String, xml: String, checkpoint: String?) async throws(KVMCloneError) {
        try await truth.beginBackup(ofDomain: uuid, xml: xml, checkpoint: checkpoint)
    }
    func starts(ofDomain uuid: String) async throws(KVMCloneError) -> AsyncStream<Void> {
        try await truth.starts(ofDomain: uuid)
    }
    func join(_ descriptor: Int32, toSocket path: String) async throws(KVMCloneError) {
        try await truth.join(descriptor, toSocket: path)
    }
    func close() async { await truth.close() }
}
