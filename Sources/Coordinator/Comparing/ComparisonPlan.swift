import DomainXML
import Model

/// What a comparison reads: the VM's disks, and those of each copy, matched by the guest's names for them.
struct ComparisonPlan: Sendable {
    /// The VM's disks as their guest reads them. Its targets are the copies.
    var base: ClonePlan
    /// Files of each copy, in the order of `base.targets` and of `base.files`.
    var copies: [[ClonePlan.File]]
    /// In the same order: of each copy that is a replica.
    var replicas: [Replica?]
    /// Copies that can't be compared.
    var refused: [ComparedCopy]
}

extension Coordinator {
    /// Looks at the VM and the copies, all at once. Throws when the VM can't be read; a copy that can't is refused.
    func comparisonPlan(_ request: CloneRequest) async throws(KVMCloneError) -> ComparisonPlan {
        try request.validate()
        var options = request.options
        options.view = .guest
        let gathered = await copies(of: request, options)
        let source = try await SourceFacts.gather(vm: request.vm, from: hosts(request.source), options: options)
        let checks = SourceChecks(source: source, options: options)
        if let error = (checks.stateFindings + source.findings + checks.diskFindings).error(on: source.host) {
            throw error
        }
        var base = ClonePlanner(
            request: CloneRequest(
                kind: request.kind, vm: request.vm, source: request.source, targets: request.targets,
                options: options), source: source
        ).base()
        base.findings = checks.stateFindings.filter { $0.severity == .warning }
        base.files = base.files.filter { $0.disk != "nvram" }
        guard !base.files.isEmpty else {
            throw KVMCloneError(.validation, "VM '\(request.vm)' has no disk to compare", host: source.host)
        }
        var plan = ComparisonPlan(base: base, copies: [], replicas: [], refused: [])
        for host in request.targets {
            do throws(KVMCloneError) {
                guard let found = gathered[host] else { throw KVMCloneError(.general, "no answer", host: host) }
                let copy = try found.get()
                plan.copies.append(try copy.files(like: base.files, options))
                plan.replicas.append(copy.replica)
                plan.base.targets.append(
                    ClonePlan.Target(
                        host: host, newName: request.newName, uuid: copy.uuid, pool: "", folder: "",
                        fileNames: [], macs: [], findings: [], xml: ""))
            } catch {
                plan.refused.append(
                    ComparedCopy(host: host, name: request.newName, verdict: .notPerformed, error: error.on(host)))
            }
        }
        return plan
    }

    private func copies(
        of request: CloneRequest, _ options: CloneOptions
    ) async -> [String: Result<CopyFacts, KVMCloneError>] {
        await withTaskGroup(of: (String, Result<CopyFacts, KVMCloneError>).self) { group in
            for host in request.targets {
                group.addTask {
                    do throws(KVMCloneError) {
                        let facts = try await CopyFacts.gather(request.newName, from: hosts(host), options)
                        return (host, .success(facts))
                    } catch {
                        return (host, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}
