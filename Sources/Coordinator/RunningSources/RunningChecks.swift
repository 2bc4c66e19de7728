import AgentProtocol
import DomainXML
import Model

/// What stands in the way of a copy of a VM that isn't shut off.
struct RunningChecks {
    let source: SourceFacts
    let options: CloneOptions

    private var vm: String { source.record.name }

    func findings() -> [PreflightFinding] {
        if let refusal { return [refusal] }
        return chainFindings + agentFindings
    }

    /// Why it can't be copied while it runs; nil when it can.
    private var refusal: PreflightFinding? {
        let state = source.record.state
        let shutDown = "virsh shutdown \(vm) on \(source.host), and copy it then"
        func refused(_ reason: String, fix: String) -> PreflightFinding {
            .blocks(.validation, "VM '\(vm)' is \(state.rawValue)\(reason)", fix: fix)
        }
        if options.consistency == .off {
            return refused(
                "; with --consistency off only a VM that is shut off is copied", fix: "leave it out, or \(shutDown)")
        }
        guard state == .running || state == .paused else {
            return refused("; only a VM that runs or is shut off can be copied", fix: shutDown)
        }
        guard let live = source.live, ["kvm", "qemu"].contains(live.type) else {
            return refused(", and its driver makes no backups; only a VM that is shut off can be copied", fix: shutDown)
        }
        if source.record.isBusy {
            return refused(
                ", and a job of libvirt's holds it, such as a migration or a backup",
                fix: "wait for its end: virsh domjobinfo \(vm)")
        }
        if !source.hasVirsh {
            return refused(
                "; a guard on the host has to end its backup, and virsh is missing there",
                fix: "apt-get install libvirt-clients on \(source.host)")
        }
        for disk in source.domain.disks where disk.isWanted(options) {
            let running = live.disks.first { $0.target == disk.target }
            guard running?.image.source == disk.image.source else {
                return refused(
                    ", and its disk \(disk.target) is another one than its definition has",
                    fix: "shut it down, or undo the snapshot: virsh domblklist \(vm)")
            }
        }
        return nil
    }

    private var chainFindings: [PreflightFinding] {
        source.layers.filter { $0.value.count > 1 && !options.flatten }.keys.sorted().map { disk in
            .warning(.clone, "the backing chain of \(disk) becomes one image, since the VM runs")
        }
    }

    private var agentFindings: [PreflightFinding] {
        guard options.consistency == .agent, !source.hasConnectedAgent else { return [] }
        return [
            .warning(
                .clone, "the guest has no agent that answers: the copy is like one after a power cut",
                fix: "install qemu-guest-agent in the guest, or say --consistency crash")
        ]
    }
}

extension SourceFacts {
    var isRunning: Bool { live != nil }

    /// Whether the guest's agent listens. That of a paused guest can't.
    var hasConnectedAgent: Bool {
        guard record.state == .running else { return false }
        return live?.characterDevices.contains { $0.name == "org.qemu.guest_agent.0" && $0.state == "connected" }
            ?? false
    }

    /// How the disks are held at one instant; nil for a VM that is shut off.
    func consistency(_ options: CloneOptions) -> CloneOptions.Consistency? {
        guard isRunning else { return nil }
        return options.consistency == .agent && !hasConnectedAgent ? .crash : options.consistency
    }

    /// Where the guest's writes go to while a disk is read: its own folder if that is a pool's, else the default pool's.
    func scratchFolder(for path: String) -> String? {
        guard isRunning else { return nil }
        let own = ImageReference(path: path, format: "raw").folder
        return poolFolders.contains(own) ? own : poolFolders.first
    }

    /// Finds out what a copy of a running VM needs.
    mutating func lookAtRunning(_ driver: any HostDriver) async throws(KVMCloneError) {
        guard let xml = record.activeXML else { return }
        do throws(DomainXMLError) {
            live = try DomainDescription(parsing: xml)
        } catch {
            throw KVMCloneError(
                .libvirt, "the running domain's XML can't be used", host: driver.name, cause: "\(error)")
        }
        hasVirsh = try await driver.greet().virsh != nil
    }
}
