import AgentProtocol
import DomainXML
import Model

/// Decides what a sync makes of what is on a target. Asks nobody.
struct SyncPlanner {
    let request: CloneRequest
    let source: SourceFacts
    let facts: TargetFacts
    let files: [ClonePlan.File]

    private var name: String { request.newName }
    private var generation: Int { (facts.replica?.record.generation ?? 0) + 1 }

    /// What each file is changed from; nil for those that are copied whole: new disks, and those whose size has changed.
    static func bases(_ files: [ClonePlan.File], of replica: Replica?) -> [ReplicaRecord.Disk?] {
        files.map { file in
            guard file.disk != "nvram" else { return nil }
            return replica?.record.merged.disks.first { $0.target == file.disk && $0.size == file.size }
        }
    }

    /// The names of the files that are written: with the generation, but for the first one.
    static func names(_ files: [ClonePlan.File], name: String, replica: Replica?) -> [String] {
        guard let replica else { return FilePlanner.names(for: files, vm: name) }
        let number = replica.freeNumber
        return zip(files, bases(files, of: replica)).map { file, base in
            let part = "\(name)-\(file.disk).g\(number)"
            if base != nil { return "\(part).qcow2" }
            return file.disk == "nvram" ? "\(part).fd" : "\(part).\(file.format == "raw" ? "img" : file.format)"
        }
    }

    func target() -> ClonePlan.Target {
        let names = Self.names(files, name: name, replica: facts.replica)
        let folder = facts.folder ?? ""
        var target = ClonePlan.Target(
            host: facts.host, newName: name, uuid: source.record.uuid, pool: facts.pool, folder: folder,
            fileNames: names,
            macs: source.domain.interfaces.compactMap(\.mac).map { ClonePlan.MACChange(old: "\($0)", new: "\($0)") },
            findings: findings(names), xml: "")
        guard facts.folder != nil else { return target }
        let bases = Self.bases(files, of: facts.replica)
        let disks = zip(files, zip(names, bases)).map { file, place in
            place.1
                ?? ReplicaRecord.Disk(target: file.disk, file: place.0, format: file.format, size: file.size)
        }
        do throws(DomainXMLError) {
            target.xml = try ReplicaDomain.xml(
                of: source.record.inactiveXML, name: name,
                files: Dictionary(disks.map { ($0.target, ("\(folder)/\($0.file)", $0.format)) }) { first, _ in first },
                networks: request.options.networkMap)
        } catch {
            target.findings.append(.blocks(.sync, "the replica's domain XML can't be made: \(error)", fix: nil))
        }
        let isDefined = facts.replica?.record.definition != nil
        // The UEFI variables of a VM are its own: what comes goes again.
        let kept = isDefined ? disks.filter { $0.target != "nvram" } : disks
        let used = Set(kept.map(\.file))
        if let definition = facts.replica?.record.definition { (target.xml, target.macs) = (definition, []) }
        target.sync = SyncPlan(
            current: facts.replica?.record,
            next: ReplicaRecord(
                name: name, uuid: source.record.uuid, origin: source.host, xml: target.xml, disks: kept,
                retired: ((facts.replica?.record.disks ?? []) + disks).map(\.file).filter { !used.contains($0) },
                generation: generation, taken: "", operation: "", verified: facts.replica?.record.verified,
                definition: facts.replica?.record.definition),
            bases: bases)
        return target
    }

    private func findings(_ names: [String]) -> [PreflightFinding] {
        var checks = TargetChecks(request: request, source: source, facts: facts, files: files, names: names)
        checks.isDelta = facts.replica != nil
        return replicaFindings + checks.findings()
    }

    private var replicaFindings: [PreflightFinding] {
        if let error = facts.replicaError { return [PreflightFinding(error)] }
        guard let replica = facts.replica else {
            guard request.options.deltaOnly else { return [] }
            return [
                .blocks(
                    .sync, "there is no replica of '\(name)' yet, and only changes are to be sent",
                    fix: "leave --delta-only out once")
            ]
        }
        let record = replica.record
        if record.definition != nil { return vmFindings(replica) }
        guard record.uuid == source.record.uuid else {
            return [
                .blocks(
                    .sync,
                    "the replica of that name is of another VM, \(Validation.printable(record.uuid)) from \(Validation.printable(record.origin))",
                    fix: "choose another name with --target-name, or remove \(replica.path) and its disks")
            ]
        }
        if record.differs, !request.options.repairs {
            return [
                .blocks(
                    .sync, "a comparison has found that the replica differs from what its source was",
                    fix: "kvm-clone verify --repair \(request.source) \(facts.host) \(request.vm)")
            ]
        }
        var findings: [PreflightFinding] = []
        if record.origin != source.host {
            findings.append(
                .warning(.sync, "so far it was a replica from \(Validation.printable(record.origin))"))
        }
        let whole = wholeDisks(replica)
        if !whole.isEmpty {
            let what = "\(whole.joined(separator: ", ")): new, or of another size than the replica's"
            findings.append(
                request.options.deltaOnly
                    ? .blocks(.sync, "\(what), and only changes are to be sent", fix: "leave --delta-only out once")
                    : .warning(.sync, "\(what); copied whole"))
        }
        return findings
    }

    /// Disks of which the replica has none of that size.
    private func wholeDisks(_ replica: Replica) -> [String] {
        zip(files, Self.bases(files, of: replica)).filter { $0.disk != "nvram" && $1 == nil }.map(\.0.disk)
    }

    /// What stands in the way of changing a VM that is shut off.
    private func vmFindings(_ vm: Replica) -> [PreflightFinding] {
        var findings: [PreflightFinding] = [
            .warning(.sync, "the VM '\(name)' is shut off: its disks get what differs, and it stays what it is")
        ]
        let whole = wholeDisks(vm)
        let more = Set(vm.record.disks.map(\.target)).subtracting(files.map(\.disk)).sorted()
        if !(whole + more).isEmpty {
            findings.append(
                .blocks(
                    .sync, "its disks are others, or of other sizes: \((whole + more).joined(separator: ", "))",
                    fix: "choose another name with --target-name"))
        }
        return findings
    }
}

extension Replica {
    /// Its record's file.
    var path: String { "\(folder)/\(record.name)\(ReplicaRecord.suffix)" }
}
