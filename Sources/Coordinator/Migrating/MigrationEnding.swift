import AgentProtocol
import Logging
import Model

/// Ends a migration that didn't: forward once the VM belongs to its new host, else back to the old one. Back only when it is
/// known that the VM is not on the new host: else nothing is done to the old one, so that it never runs twice.
struct MigrationEnding: Sendable {
    /// The hosts in the order in which their steps are ended: the old one comes last.
    let order: [String]
    private let old: String
    /// The new host, once the VM may be defined there.
    private let new: String?
    private let handOver: HandOver?

    /// Nil for steps of something else.
    init?(_ records: [StepRecord]) {
        var (old, new): (String?, String?)
        var handOver: HandOver?
        for record in records {
            switch record.step {
            case .detach(let host, _, _), .shutDown(let host, _), .depart(let host, _, _): old = host
            case .arrive(let host, _): new = host
            case .handOver(let step): (handOver, old, new) = (step, step.source, step.host)
            default: break
            }
        }
        guard let old else { return nil }
        (self.handOver, self.old, self.new) = (handOver, old, new)
        let others = records.map(\.step.host).filter { $0 != old && $0 != new }
        order = [new].compactMap { $0 } + Set(others).sorted() + [old]
    }

    /// Whether what can't be ended on `other` keeps the steps on `host` from being ended: the VM comes back to its old host
    /// only when it is known not to be on the new one.
    func holdsUp(_ host: String, _ other: String) -> Bool { handOver == nil && host == old && other == new }

    /// True for the step that says so.
    func isHandOver(_ step: Step) -> Bool { if case .handOver = step { true } else { false } }

    /// True when the step is not undone, since the VM has moved.
    func isMoot(_ step: Step) -> Bool {
        guard handOver != nil else { return false }
        switch step {
        case .detach, .shutDown, .depart, .arrive: return true
        default: return false
        }
    }

    /// Does what is left to do where a step is not undone.
    func settle(_ step: Step, _ hosts: Coordinator.Hosts) async throws(KVMCloneError) {
        guard let handOver, case .depart = step else { return }
        guard let remains = handOver.remains else { return }
        try await Self.leave(remains, on: hosts(handOver.source))
    }

    /// What was the VM's disks on the old host becomes a replica.
    static func leave(_ remains: HandOver.Remains, on driver: any HostDriver) async throws(KVMCloneError) {
        let found = try await driver.call(ListReplicas(folders: [remains.folder])).first {
            $0.name == remains.record.name
        }
        if found == nil {
            _ = try await driver.call(
                SwitchReplica(folder: remains.folder, replica: remains.record.name, from: nil, to: remains.record))
        }
        if remains.record.needsMerge, found == nil || found?.record?.operation == remains.record.operation {
            _ = try await driver.call(MergeReplica(folder: remains.folder, replica: remains.record.name))
        }
    }
}
