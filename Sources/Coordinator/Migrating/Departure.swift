import AgentProtocol
import DomainXML
import Model

/// A VM on its way from its old host.
struct Departure: Sendable {
    let driver: any HostDriver
    let name: String
    let uuid: String
    let options: MigrationOptions
    let journal: JournalWatch

    private var stop: StopSignal { journal.stop }

    /// Notes what libvirt keeps beside the definition, to be given back should the VM stay.
    func note(_ ledger: Ledger) async throws(KVMCloneError) -> DomainAttachments {
        let attachments = try await driver.attachments(ofDomain: uuid)
        try await ledger.perform(.detach(host: driver.name, uuid: uuid, attachments: attachments)) {
            () throws(KVMCloneError) in
        }
        return attachments
    }

    /// Shuts the guest down, and waits until it is. Throws when it isn't by then and is not to be switched off; it runs on,
    /// though it may still do what it was asked for.
    func shutDown(_ ledger: Ledger) async throws(KVMCloneError) {
        try await ledger.perform(.shutDown(host: driver.name, uuid: uuid)) { () throws(KVMCloneError) in
            try await driver.shutDown(domain: uuid)
        }
        let patience = options.shutdownTimeout ?? 300
        guard try await !isDown(within: .seconds(patience)) else { return }
        guard options.forcesOff else {
            throw KVMCloneError(
                .timeout, "the guest hasn't shut down within \(patience) s, and runs on",
                host: driver.name,
                whatToDo: "shut it down from within; or allow more with --shutdown-timeout, or switch it off then with "
                    + "--force-off")
        }
        try await driver.powerOff(domain: uuid)
        guard try await isDown(within: .seconds(30)) else {
            throw KVMCloneError(.libvirt, "the guest was switched off, and runs on", host: driver.name)
        }
    }

    private func isDown(within patience: Duration) async throws(KVMCloneError) -> Bool {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            await journal.checkForCancel()
            if let reason = stop.reason { throw reason }
            if try await state() == .stopped { return true }
            do { try await Task.sleep(for: .milliseconds(200)) } catch {
                throw KVMCloneError(.cancelled, "stopped while the guest shut down", host: driver.name)
            }
        }
        return try await state() == .stopped
    }

    private func state() async throws(KVMCloneError) -> VMState {
        guard let domain = try await driver.domains().first(where: { $0.uuid == uuid }) else {
            throw KVMCloneError(.vmNotFound, "VM '\(name)' was removed meanwhile", host: driver.name)
        }
        return domain.state
    }

    /// Undefines the VM, so that nothing starts it here. `source` is what its last copy was planned with.
    func leave(_ source: SourceFacts, _ ledger: Ledger) async throws(KVMCloneError) {
        let xml = source.record.inactiveXML
        try await ledger.perform(.depart(host: driver.name, uuid: uuid, xml: xml)) { () throws(KVMCloneError) in
            guard let record = try await driver.domain(named: name), record.uuid == uuid,
                record.state == .stopped, record.inactiveXML == xml
            else {
                throw KVMCloneError(
                    .clone, "VM '\(name)' was started or changed since it was looked at", host: driver.name,
                    whatToDo: "run it again", exitCode: .tryAgain)
            }
            try await driver.undefine(uuid: uuid)
        }
    }

    /// What its disks become when it is gone: a replica of what it is on its new host; nil where they can't be one.
    static func remains(
        _ source: SourceFacts, by id: OperationID, on target: String, taken: String = Timestamp.now,
        isVerified: Bool = false
    ) -> HandOver.Remains? {
        var source = source
        // They are of no consequence for what lies in its disks now.
        source.record.checkpoints = []
        guard let replica = try? Replica(vm: source, origin: target) else { return nil }
        var record = replica.record
        record.definition = nil
        (record.generation, record.operation, record.taken, record.verified) =
            (1, "\(id)", taken, isVerified ? taken : nil)
        if let nvram = source.nvram, case let image = ImageReference(path: nvram.path, format: nvram.format),
            image.folder == replica.folder, let file = nvram.path.split(separator: "/").last
        {
            record.disks.append(
                ReplicaRecord.Disk(
                    target: "nvram", file: String(file), format: nvram.format, size: nvram.virtualSize))
        }
        return HandOver.Remains(folder: replica.folder, record: record)
    }
}
