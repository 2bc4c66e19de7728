import AgentProtocol
import DomainXML
import Model

/// Makes a plan from what is known. Asks nobody, and decides everything that the run must not decide.
struct ClonePlanner {
    let request: CloneRequest
    let source: SourceFacts

    private var options: CloneOptions { request.options }

    /// The plan without its targets.
    func base() -> ClonePlan {
        ClonePlan(
            kind: request.kind, vm: request.vm, vmUUID: source.record.uuid, source: source.host,
            consistency: source.consistency(options),
            files: FilePlanner(facts: source, options: options).files(), targets: [],
            findings: SourceChecks(source: source, options: options).findings())
    }

    /// What happens on one target. `generator` makes the copy's identity.
    func target(
        _ facts: TargetFacts, files: [ClonePlan.File], using generator: inout some RandomNumberGenerator
    ) -> ClonePlan.Target {
        let names = FilePlanner.names(for: files, vm: request.newName)
        let identity = DomainIdentity.fresh(
            for: source.domain, name: request.newName, preservingMACs: options.preserveMAC, using: &generator)
        var target = ClonePlan.Target(
            host: facts.host, newName: request.newName, uuid: identity.uuid.libvirtText, pool: facts.pool,
            folder: facts.folder ?? "", fileNames: names,
            macs: source.domain.interfaces.compactMap(\.mac).map {
                ClonePlan.MACChange(old: "\($0)", new: "\(identity.macs[$0] ?? $0)")
            }, findings: [], xml: "")
        target.findings = TargetChecks(
            request: request, source: source, facts: facts, files: files, names: names
        ).findings()
        if let existing = facts.existing, options.force {
            target.replaced = ClonePlan.ReplacedDomain(uuid: existing.uuid, xml: existing.inactiveXML)
        }
        guard facts.folder != nil else { return target }
        do throws(DomainXMLError) {
            target.xml = try rewrite(identity, files: files, names: names, folder: target.folder)
        } catch {
            target.findings.append(
                .blocks(.clone, "the copy's domain XML can't be made: \(error)", fix: nil))
        }
        return target
    }

    private func rewrite(
        _ identity: DomainIdentity, files: [ClonePlan.File], names: [String], folder: String
    ) throws(DomainXMLError) -> String {
        var change = IdentityRewrite(identity)
        var bases: [String: [DiskRewrite.Base]] = [:]
        for (file, name) in zip(files, names) where file.layer > 0 {
            bases[file.disk, default: []].append(.init(.file("\(folder)/\(name)"), format: file.format))
        }
        for (file, name) in zip(files, names) where file.layer == 0 {
            let path = "\(folder)/\(name)"
            if file.disk == "nvram" {
                change.nvramPath = path
            } else {
                change.disks[file.disk] = DiskRewrite(
                    .file(path), format: file.format, backing: bases[file.disk].map { .chain($0) } ?? .drop)
            }
        }
        for (old, new) in options.networkMap {
            change.networks[.network(old)] = .network(new)
            change.networks[.bridge(old)] = .bridge(new)
        }
        return try change.apply(to: source.record.inactiveXML).xml
    }
}
