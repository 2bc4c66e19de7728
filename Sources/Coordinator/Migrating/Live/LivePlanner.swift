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
        let names = FilePlanner.names(for: files, vm: request.vm)
        let folder = facts.folder ?? ""
        var target = ClonePlan.Target(
            host: facts.host, newName: request.vm, uuid: source.record.uuid, pool: facts.pool, folder: folder,
            fileNames: names,
            macs: source.domain.interfaces.compactMap(\.mac).map { ClonePlan.MACChange(old: "\($0)", new: "\($0)") },
            findings: TargetChecks(request: request, source: source, facts: facts, files: files, names: names)
                .findings() + replicaFindings, xml: "")
        guard facts.folder != nil else { return target }
        do throws(DomainXMLError) {
            target.xml = try Self.xml(source.record.inactiveXML, files, target, networks: request.options.networkMap)
        } catch {
            target.findings.append(.blocks(.clone, "its domain XML can't be made: \(error)", fix: nil))
        }
        return target
    }

    private var replicaFindings: [PreflightFinding] {
        guard facts.replica != nil else { return [] }
        return [
            .blocks(
                .vmExists, "there is a replica of '\(request.vm)' already, and a live migration copies all of it anew",
                fix: "move it --warm, which sends only what the replica lacks; or remove the replica and its disks")
        ]
    }

    /// A domain XML, running or defined, with the disks' places on the target.
    static func xml(
        _ xml: String, _ files: [ClonePlan.File], _ target: ClonePlan.Target, networks: [String: String],
        shared: Set<String> = []
    ) throws(DomainXMLError) -> String {
        let moved = zip(files, target.fileNames).filter { !shared.contains($0.0.disk) }
        return try ReplicaDomain.xml(
            of: xml, name: target.newName,
            files: Dictionary(moved.map { ($0.disk, ("\(target.folder)/\($1)", $0.format)) }) { first, _ in first },
            networks: networks)
    }
}
