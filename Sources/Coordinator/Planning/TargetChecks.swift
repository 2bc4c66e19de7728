import AgentProtocol
import DomainXML
import Model

/// What stands in the way on one target, all of it.
struct TargetChecks {
    let request: CloneRequest
    let source: SourceFacts
    let facts: TargetFacts
    let files: [ClonePlan.File]
    let names: [String]
    /// Only what has changed is written: how much that is nobody knows yet.
    var isDelta = false

    var options: CloneOptions { request.options }
    var newName: String { request.newName }

    func findings() -> [PreflightFinding] {
        nameFindings + spaceFindings + fileFindings + memoryFindings + machineFindings + networkFindings
            + pathFindings
    }

    private var nameFindings: [PreflightFinding] {
        guard let existing = facts.existing else { return [] }
        if request.kind == .migrate {
            return [
                .blocks(
                    .vmExists, "a VM named '\(newName)' is defined there already", fix: "undefine or rename it first")
            ]
        }
        if request.kind == .sync {
            // It is the one that is changed, or that has been said already.
            guard let replica = facts.replica, replica.record.definition == nil else { return [] }
            return [
                .blocks(
                    .vmExists, "a VM named '\(newName)' is defined there, beside a replica of that name",
                    fix: "choose another name with --target-name, or undefine it")
            ]
        }
        guard options.force else {
            return [
                .blocks(
                    .vmExists, "a VM named '\(newName)' exists already",
                    fix: "choose another name with --new-name, or replace it with --force")
            ]
        }
        guard existing.state == .stopped else {
            return [
                .blocks(
                    .vmExists, "VM '\(newName)' is \(existing.state.rawValue) and can't be replaced",
                    fix: "shut it down first")
            ]
        }
        guard existing.snapshots.isEmpty, existing.checkpoints.isEmpty, !existing.hasManagedSave else {
            return [
                .blocks(
                    .vmExists, "VM '\(newName)' has snapshots, checkpoints or a saved state and can't be replaced",
                    fix: "remove them first, or choose another name with --new-name")
            ]
        }
        return [.warning(.vmExists, "VM '\(newName)' is replaced when the copy is complete")]
    }

    private var spaceFindings: [PreflightFinding] {
        guard facts.folder != nil else {
            if let problem = facts.hypervisor.pools.first(where: { $0.name == facts.pool })?.problem {
                return [
                    .blocks(
                        .libvirt, "the definition of pool '\(facts.pool)' can't be used: \(problem)",
                        fix: "see `virsh pool-dumpxml \(facts.pool)`, or choose another pool with --pool")
                ]
            }
            let known = Set(facts.profile.pools.keys).union(facts.hypervisor.pools.map(\.name)).sorted()
            return [
                .blocks(
                    .validation, "there is no pool '\(facts.pool)' that holds files",
                    fix: known.isEmpty
                        ? "declare one in the topology: pools: { \(facts.pool): /var/lib/libvirt/images }"
                        : "choose one with --pool: \(known.joined(separator: ", "))")
            ]
        }
        guard let space = facts.space, space.exists else {
            return [
                .blocks(
                    .invalidPath, "pool '\(facts.pool)' has no folder \(facts.folder ?? "")",
                    fix: "make it, or correct the topology")
            ]
        }
        guard space.writable else {
            return [
                .blocks(
                    .permissionDenied, "the folder \(space.path) of pool '\(facts.pool)' isn't writable",
                    fix: "use another SSH user, or `become: sudo` in the topology")
            ]
        }
        guard !isDelta else { return [] }
        let need = files.reduce(UInt64(0)) { $0 + min($1.used, $1.size) }
        guard need <= space.free else {
            return [
                .blocks(
                    .diskSpace,
                    "needs \(ByteCount.format(need)), \(ByteCount.format(space.free)) free in \"\(facts.pool)\"",
                    fix: "make room in \(space.path), or choose another pool with --pool")
            ]
        }
        return []
    }

    /// Files of the copy's names may be there only if they are disks of the VM that is replaced.
    private var fileFindings: [PreflightFinding] {
        guard let folder = facts.folder else { return [] }
        var allowed: Set<String> = []
        if options.force, let existing = facts.existing,
            let old = try? DomainDescription(parsing: existing.inactiveXML)
        {
            allowed = Set(old.disks.compactMap(\.image.source.path) + [old.os.nvram?.path].compactMap { $0 })
        }
        return names.map { "\(folder)/\($0)" }.filter { facts.presentFiles.contains($0) && !allowed.contains($0) }.map {
            .blocks(
                .vmExists, "the file \($0) exists already",
                fix:
                    "move it away, or choose another name with \(request.kind == .sync ? "--target-name" : "--new-name")"
            )
        }
    }

    private var memoryFindings: [PreflightFinding] {
        let need = source.domain.memory
        guard need <= facts.hypervisor.memory else {
            return [
                .blocks(
                    .insufficientResources,
                    "the VM has \(ByteCount.format(need)) of memory, the host \(ByteCount.format(facts.hypervisor.memory))",
                    fix: "choose another host")
            ]
        }
        guard let free = facts.hypervisor.freeMemory, need > free else { return [] }
        return [
            .warning(
                .insufficientResources,
                "the VM needs \(ByteCount.format(need)) of memory to start, \(ByteCount.format(free)) is free now")
        ]
    }

    private var networkFindings: [PreflightFinding] {
        source.domain.interfaces.compactMap { interface in
            guard case .network(let name) = interface.attachment else { return nil }
            let mapped = options.networkMap[name] ?? name
            switch facts.hypervisor.networks[mapped] {
            case true?: return nil
            case false?:
                return .warning(
                    .network, "network '\(mapped)' isn't active: the copy won't start before it is",
                    fix: "virsh net-start \(mapped)")
            case nil:
                let known = facts.hypervisor.networks.keys.sorted().joined(separator: ", ")
                return .blocks(
                    .network, "there is no network '\(mapped)'\(known.isEmpty ? "" : ", only \(known)")",
                    fix: "define it, or map it with --network-config")
            }
        }
    }

    private var pathFindings: [PreflightFinding] {
        source.pathsNeededOnTarget(options).filter { !facts.presentFiles.contains($0.path) }.map {
            .warning(
                .invalidPath, "\($0.purpose) \($0.path) isn't there: the copy won't start before it is",
                fix: "copy it to \(facts.host)")
        }
    }
}

extension SourceFacts {
    /// Paths that the copy will need on its host, and that aren't copied.
    func pathsNeededOnTarget(_ options: CloneOptions) -> [HostPath] {
        let media = domain.disks.filter { ($0.device == .cdrom || $0.device == .floppy) && !$0.isWanted(options) }
            .compactMap(\.image.source.path).map { HostPath(path: $0, purpose: "medium") }
        let others = domain.blockers.compactMap { blocker -> HostPath? in
            guard case .mustExistOnTarget(let path) = blocker.kind else { return nil }
            return HostPath(path: path, purpose: blocker.subject)
        }
        return media + others.filter { other in !media.contains { $0.path == other.path } }
    }
}
