import AgentProtocol
import DomainXML
import Model

/// Which replica is to become a VM, and as what.
public struct PromotionRequest: Sendable, Equatable {
    /// The host that the replica is on.
    public var host: String
    /// The replica's name.
    public var replica: String
    /// A VM of its own, with a new uuid and new MACs, and not the one that it is a replica of.
    public var newIdentity: Bool
    /// The VM's name; nil for the replica's.
    public var newName: String?

    /// Makes a request from its parts.
    public init(host: String, replica: String, newIdentity: Bool = false, newName: String? = nil) {
        self.host = host
        self.replica = replica
        self.newIdentity = newIdentity
        self.newName = newName
    }
}

extension Coordinator {
    /// Defines a replica as the VM that it is of, or as one of its own; it is a replica no more. Throws when that can't be
    /// done; then it is a replica as before.
    ///
    /// With the origin's identity only when the origin's host says that it has no such VM: two VMs with one uuid and the
    /// same MACs harm each other.
    package func promote(
        _ request: PromotionRequest, id: OperationID, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> OperationResult {
        let begin = ContinuousClock.now
        let promotion = try await stoppable(by: stop) { () throws(KVMCloneError) in
            try await Promotion.plan(request, hosts: hosts)
        }
        let record = OperationRecord(
            id: id,
            request: CloneRequest(
                kind: .promote, vm: request.replica, source: promotion.replica.record.origin, targets: [request.host]),
            journal: journal)
        try await record.begin()
        let ledger = Ledger(operation: id, journal: journal, logger: logger)
        var outcome = TargetOutcome(
            host: request.host, newName: promotion.name, error: nil, verified: false, logicalBytes: 0, wireBytes: 0,
            seconds: 0, path: nil, warnings: [])
        do throws(KVMCloneError) {
            outcome.warnings = try await promotion.run(id, ledger)
        } catch {
            outcome.warnings = await shielded { await ledger.undo(on: promotion.driver) }
            outcome.error = (stop.reason ?? error).on(request.host)
        }
        outcome.seconds = begin.duration(to: .now) / .seconds(1)
        emit(.targetEnded(outcome))
        return await finish(record, [outcome], seconds: outcome.seconds, stop: stop, emit: emit)
    }
}

/// A replica that can be promoted.
struct Promotion: Sendable {
    let driver: any HostDriver
    let replica: Replica
    let name: String
    let uuid: String
    let xml: String

    /// Looks whether it can be done. Changes nothing.
    static func plan(
        _ request: PromotionRequest, hosts: Coordinator.Hosts
    ) async throws(KVMCloneError) -> Promotion {
        let name = request.newName ?? request.replica
        try Validation.vm(name)
        guard request.newName == nil || request.newIdentity else {
            throw KVMCloneError(
                .validation, "another name goes with --new-identity only", whatToDo: "add --new-identity",
                field: "new_name")
        }
        let driver = try await hosts(request.host)
        guard let replica = try await driver.replica(named: request.replica) else {
            throw KVMCloneError(
                .vmNotFound, "there is no replica '\(Validation.printable(request.replica))'", host: driver.name,
                whatToDo: "see what there is: kvm-clone list \(driver.name)")
        }
        let record = replica.record
        guard !record.differs else {
            throw KVMCloneError(
                .sync, "a comparison has found that the replica differs from what its source was", host: driver.name,
                whatToDo: "kvm-clone verify --repair \(record.origin) \(driver.name) \(record.name)",
                exitCode: .preflight)
        }
        let defined = try await driver.domains()
        guard !defined.contains(where: { $0.name == name || !request.newIdentity && $0.uuid == record.uuid }) else {
            throw KVMCloneError(
                .vmExists, "a VM of that name or uuid is defined there already", host: driver.name,
                whatToDo: "undefine it, or promote as another one: --new-identity --new-name NAME")
        }
        if !request.newIdentity { try await expectGone(record, hosts) }
        do throws(DomainXMLError) {
            let made =
                request.newIdentity
                ? try ReplicaDomain.independent(record.xml, name: name) : (record.xml, record.uuid)
            return Promotion(driver: driver, replica: replica, name: name, uuid: made.1, xml: made.0)
        } catch {
            throw KVMCloneError(
                .sync, "the replica's domain XML can't be used", host: driver.name, cause: "\(error)")
        }
    }

    /// Throws unless the origin's host says that it has the VM no more.
    private static func expectGone(
        _ record: ReplicaRecord, _ hosts: Coordinator.Hosts
    ) async throws(KVMCloneError) {
        let advice = "promote it as a VM of its own: --new-identity"
        let there: [DomainRecord]
        do throws(KVMCloneError) {
            there = try await hosts(record.origin).domains()
        } catch {
            throw KVMCloneError(
                .sync, "it isn't known whether '\(record.name)' still runs on \(record.origin)", host: record.origin,
                cause: "\(error)", whatToDo: "bring the host back, or \(advice)", exitCode: .preflight)
        }
        guard let origin = there.first(where: { $0.uuid == record.uuid }) else { return }
        throw KVMCloneError(
            .sync, "'\(origin.name)' is still defined on \(record.origin), and \(origin.state.rawValue)",
            host: record.origin, whatToDo: "undefine it there, or \(advice)", exitCode: .preflight)
    }

    /// Does it. Answers with what couldn't be done and stays in the journal; when it throws, the ledger undoes it.
    func run(_ id: OperationID, _ ledger: Ledger) async throws(KVMCloneError) -> [String] {
        let (host, name, folder) = (driver.name, replica.record.name, replica.folder)
        try await ledger.perform(.claim(host: host)) { () throws(KVMCloneError) in
            _ = try await driver.call(Claim(.target(name: name), operation: id.description, fence: 1))
        }
        _ = try await driver.call(MergeReplica(folder: folder, replica: name))
        // A sync may have come before the claim.
        guard try await driver.replica(named: name)?.record == replica.record.merged else {
            throw KVMCloneError(
                .sync, "the replica has changed meanwhile", host: host, whatToDo: "run it again", exitCode: .tryAgain)
        }
        try await ledger.perform(.define(host: host, uuid: uuid)) { () throws(KVMCloneError) in
            try await driver.define(xml)
        }
        let left = Step.removeReplica(
            host: host, folder: folder, replica: name, generation: replica.record.generation)
        try await ledger.settle(host: host, leaving: left)
        return await shielded {
            let complaints = await ledger.undo(on: driver)
            return complaints.map { "\($0); do that with: kvm-clone op cleanup \(id)" }
        }
    }
}
