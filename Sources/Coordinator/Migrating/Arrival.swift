import AgentProtocol
import Model

/// A VM on its new host: a replica that becomes the VM.
struct Arrival: Sendable {
    let driver: any HostDriver
    let replica: Replica
    let id: OperationID
    /// How long a host is asked that doesn't answer.
    let patience: Duration

    /// The replica as a pass of the migration has left it. Throws when it isn't that any more.
    static func find(
        _ name: String, by id: OperationID, on driver: any HostDriver, patience: Duration
    ) async throws(KVMCloneError) -> Arrival {
        guard let replica = try await driver.replica(named: name), replica.record.operation == "\(id)",
            !replica.record.needsMerge
        else {
            throw KVMCloneError(
                .sync, "the disks of '\(name)' have changed since they were copied", host: driver.name,
                whatToDo: "leave them alone, and run it again", exitCode: .tryAgain)
        }
        return Arrival(driver: driver, replica: replica, id: id, patience: patience)
    }

    /// Defines the VM. It isn't started, and doesn't start with its host before it has left the old one for good.
    func define(_ ledger: Ledger) async throws(KVMCloneError) {
        let record = replica.record
        let defined = try await driver.domains()
        guard !defined.contains(where: { $0.name == record.name || $0.uuid == record.uuid }) else {
            throw KVMCloneError(
                .vmExists, "a VM of that name or uuid is defined there meanwhile", host: driver.name,
                whatToDo: "undefine it, and run it again")
        }
        try await ledger.perform(.arrive(host: driver.name, uuid: record.uuid)) { () throws(KVMCloneError) in
            try await driver.define(record.xml)
        }
    }

    /// Starts the VM. Throws `.notStarted` when it certainly didn't, any other error when nobody knows.
    func start() async throws(StartError) {
        let failure: KVMCloneError
        do throws(KVMCloneError) {
            try await driver.start(domain: replica.record.uuid)
            return
        } catch {
            failure = error
        }
        switch await state() {
        case .success(.stopped?): throw .notStarted(failure)
        case .success(nil): throw .unknown(failure)
        // It was too late to hear of it.
        case .success: return
        case .failure(let error): throw .unknown(error)
        }
    }

    enum StartError: Error {
        case notStarted(KVMCloneError)
        case unknown(KVMCloneError)
    }

    /// Its state; nil when it isn't defined. Asks for a while when the host can't be reached.
    private func state() async -> Result<VMState?, KVMCloneError> {
        let deadline = ContinuousClock.now + patience
        while true {
            do throws(KVMCloneError) {
                return .success(try await driver.domains().first { $0.uuid == replica.record.uuid }?.state)
            } catch {
                guard ContinuousClock.now < deadline else { return .failure(error) }
            }
            do { try await Task.sleep(for: .seconds(1)) } catch {
                return .failure(KVMCloneError(.cancelled, "stopped", host: driver.name))
            }
        }
    }

    /// Undefines a VM that did not come to stay. Throws when it runs.
    static func takeBack(_ uuid: String, on driver: any HostDriver) async throws(KVMCloneError) {
        guard let domain = try await driver.domains().first(where: { $0.uuid == uuid }) else { return }
        guard domain.state == .stopped else {
            throw KVMCloneError(
                .clone, "'\(domain.name)' is \(domain.state.rawValue) there, though its move had not come so far",
                host: driver.name,
                whatToDo: "find out who started it; shut it down there, or keep it and undefine "
                    + "nothing by hand", exitCode: .tryAgain)
        }
        try await driver.undefine(uuid: uuid)
    }

    /// What was its replica is one no more. Throws when the VM isn't there.
    static func complete(_ handOver: HandOver, on driver: any HostDriver) async throws(KVMCloneError) {
        guard try await driver.domains().contains(where: { $0.uuid == handOver.uuid }) else {
            throw KVMCloneError(
                .vmNotFound, "'\(handOver.name)' has moved here, and is not defined any more", host: driver.name,
                whatToDo: "its disks are in \(handOver.folder); kvm-clone promote \(driver.name) \(handOver.name)")
        }
        if handOver.startsWithHost {
            try await driver.attach(DomainAttachments(startsWithHost: true), toDomain: handOver.uuid)
        }
        let found = try await driver.call(ListReplicas(folders: [handOver.folder])).first {
            $0.name == handOver.name
        }
        guard found?.record?.generation == handOver.generation, found?.record?.uuid == handOver.uuid else { return }
        _ = try await driver.call(
            SwitchReplica(
                folder: handOver.folder, replica: handOver.name, from: handOver.generation, to: nil))
    }
}
