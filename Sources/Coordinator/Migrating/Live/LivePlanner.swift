import DomainXML
import Model

/// Decides what a live migration makes on its target. Asks nobody.
struct LivePlanner {
    let request: CloneRequest
    let source: SourceFacts
    let facts: TargetFacts
    let files: [ClonePlan.File]

    /// The files that move: what the guest writes to. libvirt brings the UEFI variables along.
    static func files(_ all: [ClonePlan.File], of domain: DomainDescription) -> [ClonePlan.File] {
        let written = Set(domain.disks.filter(\.isWritten).map(\.target))
        return all.filter { written.contains($0.disk) && $0.layer == 0 }
    }

    func target() -> ClonePlan.Target {
        let names = Self.names(files, vm: request.vm, replica: facts.replica)
        let folder = facts.folder ?? ""
        var target = ClonePlan.Target(
            host: facts.host, newName: request.vm, uuid: source.record.uuid, pool: facts.pool, folder: folder,
            fileNames: names,
            macs: source.domain.interfaces.compactMap(\.mac).map { ClonePlan.MACChange(old: "\($0)", new: "\($0)") },
            findings: TargetChecks(request: request, source: source, facts: facts, files: files, names: names)
                .findings() + replicaFindings, xml: "")
        if let replica = facts.replica, replica.record.definition == nil { target.outlived = replica.record }
        guard facts.folder != nil else { return target }
        do throws(DomainXMLError) {
            target.xml = try Self.xml(source.record.inactiveXML, files, target, networks: request.options.networkMap)
        } catch {
            target.findings.append(.blocks(.clone, "its domain XML can't be made: \(error)", fix: nil))
        }
        return target
    }

    /// What stands in the way of a replica's going, and what becomes of it.
    private var replicaFindings: [PreflightFinding] {
        if let error = facts.replicaError { return [PreflightFinding(error)] }
        guard let record = facts.replica?.record, record.definition == nil else { return [] }
        guard record.uuid == source.record.uuid else {
            return [
                .blocks(
                    .vmExists, "there is a replica of another VM of that name, \(Validation.printable(record.uuid))",
                    fix: "remove it and its disks")
            ]
        }
        return [
            .warning(
                .clone,
                "it replaces the replica of generation \(record.generation) there; --warm would send only what that lacks"
            )
        ]
    }

    /// The new disks' names: beside a replica, which stays until the VM has moved, they have its next generation's number.
    static func names(_ files: [ClonePlan.File], vm: String, replica: Replica?) -> [String] {
        guard let replica, replica.record.definition == nil else {
            return FilePlanner.names(for: files, vm: vm)
        }
        return files.map { "\(vm)-\($0.disk).g\(replica.freeNumber).\($0.format == "raw" ? "img" : $0.format)" }
    }

    /// A domain XML, running or defined, with the disks' places on the target.
    static func xml(
        _ xml: String, _ files: [ClonePlan.File], _ target: ClonePlan.Target, networks: [String: String],
        shared: Set<String> = [], bases: [String: DiskRewrite.Base] = [:]
    ) throws(DomainXMLError) -> String {
        let moved = zip(files, target.fileNames).filter { !shared.contains($0.0.disk) }
        return try ReplicaDomain.xml(
            of: xml, name: target.newName,
            files: Dictionary(moved.map { ($0.disk, ("\(target.folder)/\($1)", $0.format)) }) { first, _ in first },
            networks: networks, bases: bases)
    }
}
