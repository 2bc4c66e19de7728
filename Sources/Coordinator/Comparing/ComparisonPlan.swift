import DomainXML
import Model

/// What a comparison reads: the VM's disks, and those of each copy, matched by the guest's names for them.
struct ComparisonPlan: Sendable {
    /// The VM's disks as their guest reads them. Its targets are the copies.
    var base: ClonePlan
    /// Files of each copy, in the order of `base.targets` and of `base.files`.
    var copies: [[ClonePlan.File]]
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
        var plan = ComparisonPlan(base: base, copies: [], refused: [])
        for host in request.targets {
            do throws(KVMCloneError) {
                guard let found = gathered[host] else { throw KVMCloneError(.general, "no answer", host: host) }
                let copy = try found.get()
                plan.copies.append(try Self.match(copy, with: base, options))
                plan.base.targets.append(
                    ClonePlan.Target(
                        host: host, newName: request.newName, uuid: copy.record.uuid, pool: "", folder: "",
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
    ) async -> [String: Result<SourceFacts, KVMCloneError>] {
        await withTaskGroup(of: (String, Result<SourceFacts, KVMCloneError>).self) { group in
            for host in request.targets {
                group.addTask {
                    do throws(KVMCloneError) {
                        let driver = try await hosts(host)
                        return (
                            host,
                            .success(try await SourceFacts.gather(vm: request.newName, from: driver, options: options))
                        )
                    } catch {
                        return (host, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// The copy's files in the order of the VM's disks.
    private static func match(
        _ copy: SourceFacts, with base: ClonePlan, _ options: CloneOptions
    ) throws(KVMCloneError) -> [ClonePlan.File] {
        guard copy.record.state == .stopped else {
            throw KVMCloneError(
                .validation, "'\(copy.record.name)' is \(copy.record.state.rawValue): its disks change",
                host: copy.host, whatToDo: "shut it down: virsh shutdown \(copy.record.name)", exitCode: .preflight)
        }
        let checks = SourceChecks(source: copy, options: options)
        if let error = (copy.findings + checks.diskFindings).error(on: copy.host) { throw error }
        let files = FilePlanner(facts: copy, options: options).files().filter { $0.disk != "nvram" }
        guard Set(files.map(\.disk)) == Set(base.files.map(\.disk)), files.count == base.files.count else {
            throw KVMCloneError(
                .validation,
                "it has the disks \(files.map(\.disk).joined(separator: ", ")), the VM has "
                    + base.files.map(\.disk).joined(separator: ", "), host: copy.host,
                whatToDo: "name the copy with --target-name", exitCode: .preflight)
        }
        return base.files.compactMap { file in files.first { $0.disk == file.disk } }
    }
}
