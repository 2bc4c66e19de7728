import AgentProtocol
import DomainXML
import Model

/// What stands in the way on the source.
struct SourceChecks {
    let source: SourceFacts
    let options: CloneOptions

    private var vm: String { source.record.name }

    func findings() -> [PreflightFinding] {
        stateFindings + deviceFindings + source.findings + diskFindings
    }

    var stateFindings: [PreflightFinding] {
        var findings: [PreflightFinding] = []
        let record = source.record
        if record.state != .stopped {
            findings += RunningChecks(source: source, options: options).findings()
        }
        if !record.isPersistent {
            findings.append(
                .blocks(
                    .validation, "VM '\(vm)' is transient: it has no definition to copy",
                    fix: "virsh dumpxml \(vm) > \(vm).xml; virsh define \(vm).xml"))
        }
        if record.hasManagedSave {
            findings.append(
                .blocks(
                    .validation, "VM '\(vm)' has a saved state, which belongs to its disks as they are",
                    fix: "start it and shut it down, or virsh managedsave-remove \(vm)"))
        }
        if !record.snapshots.isEmpty {
            findings.append(
                .warning(
                    .clone,
                    "libvirt's records of \(record.snapshots.count) snapshots are not copied: "
                        + record.snapshots.prefix(5).joined(separator: ", ")))
        }
        return findings
    }

    private var deviceFindings: [PreflightFinding] {
        source.domain.blockers.compactMap { blocker in
            switch blocker.kind {
            case .blocks: .blocks(.clone, "\(blocker.subject): \(blocker.reason)", fix: blocker.remedy)
            case .notice: .warning(.clone, "\(blocker.subject): \(blocker.reason)", fix: blocker.remedy)
            case .mustExistOnTarget: nil
            }
        }
    }

    var diskFindings: [PreflightFinding] {
        source.domain.disks.filter { $0.isWanted(options) && source.layers[$0.target] == nil }.compactMap { disk in
            // Devices that block, and disks whose inspection failed, have been told already.
            guard case .volume(let pool, let name) = disk.image.source, source.findings.isEmpty else { return nil }
            return .blocks(
                .clone, "disk \(disk.target) is volume '\(name)' of pool '\(pool)', whose folder isn't known",
                fix: "virsh pool-start \(pool) on \(source.host)")
        }
    }
}
