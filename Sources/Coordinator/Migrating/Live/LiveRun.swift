import AgentProtocol
import DomainXML
import Logging
import Model

/// The order of a live migration: empty disks and a sealed way to the new host, then libvirt moves the VM, and whatever came
/// of it is made sure of on both hosts.
struct LiveRun: Sendable {
    let coordinator: Coordinator
    let request: CloneRequest
    let plan: ClonePlan
    let place: ClonePlan.Target
    let id: OperationID
    let number: Int
    let source: any HostDriver
    let target: any HostDriver
    let stop: StopSignal
    let emit: @Sendable (OperationEvent) -> Void
    let ledger: Ledger
    /// What was copied before; nil for nothing.
    var seed: LiveSeed?

    var uuid: String { plan.vmUUID }

    private var fence: Int { MigrationRun.fence(run: number) }

    /// The id of the jobs on both agents.
    private var job: HexBytes { .job(of: id, run: fence) }

    func run() async -> TargetOutcome {
        let begin = ContinuousClock.now
        var outcome = TargetOutcome(
            host: target.name, newName: request.vm, error: nil, verified: false, logicalBytes: 0, wireBytes: 0,
            seconds: 0, path: nil, warnings: [])
        emit(
            .started(
                OperationStart(
                    id: id, kind: .migrate, vm: request.vm, source: source.name, targets: [target.name],
                    newNames: [request.vm], disks: [])))
        var failure: KVMCloneError?
        do throws(KVMCloneError) {
            try await move(&outcome)
        } catch {
            failure = error
        }
        let ending = await shielded { await end() }
        outcome.seconds = begin.duration(to: .now) / .seconds(1)
        switch ending.verdict {
        case .moved?:
            // What libvirt says of its end is of no account: it is there, and here no more.
            if let failure { outcome.warnings.append("\(failure)") }
            outcome.warnings += ending.complaints
            if !ending.complaints.isEmpty { outcome.warnings.append("end that with: kvm-clone op cleanup \(id)") }
        case .stayed?:
            outcome.error = (stop.reason ?? failure ?? KVMCloneError(.clone, "the VM has not moved")).undone.on(
                source.name)
            outcome.warnings += ending.complaints
        case nil:
            outcome.error = ending.unknown ?? (stop.reason ?? failure)
            outcome.warnings += ending.complaints
        }
        let phase: TargetPhase =
            outcome.error == nil ? .done : outcome.error?.code == .cancelled ? .cancelled : .failed
        emit(.phase(host: target.name, phase: phase, detail: nil))
        emit(.targetEnded(outcome))
        return outcome
    }

    private func move(_ outcome: inout TargetOutcome) async throws(KVMCloneError) {
        emit(.phase(host: target.name, phase: .preparing, detail: nil))
        try await claim(.source(uuid: uuid), on: source)
        try await claim(.target(name: request.vm), on: target)
        try await seed?.check(on: target)
        let limit = coordinator.budgets.limit(of: request.options)
        let forecast = LiveForecast(
            run: self,
            rate: LiveForecast.rate(
                from: source.name, to: target.name, limit: limit, observed: await coordinator.observedRates()))
        let forecasting = Task { await forecast.tell() }
        defer { forecasting.cancel() }
        let disks = LiveDisks(
            id: id, job: job, files: plan.files, target: place, here: source, there: target, ledger: ledger)
        let shared = seed == nil ? try await disks.shared() : []
        try await disks.make(without: shared, over: seed?.bases ?? [:])
        let facts = try await SourceFacts.gather(vm: request.vm, from: source, options: request.options)
        var migration = try await migration(facts, shared)
        var tunnel: LiveTunnel?
        var budget: LiveBudget?
        if !request.options.migration.native {
            emit(.phase(host: target.name, phase: .connecting, detail: nil))
            let way = LiveTunnel(
                id: id, job: job.part(0xfd), here: source, there: target, ledger: ledger, options: request.options,
                limit: limit)
            let ends = try await way.open(disks: migration.disks.count)
            if let note = ends.note { emit(.warning(host: target.name, message: note)) }
            migration.memoryURI = "unix://\(ends.memory)"
            migration.disksURI = ends.disks.map { "unix://\($0)" }
            outcome.path = ends.path
            tunnel = way
            budget = LiveBudget(way, budgets: coordinator.budgets, logger: coordinator.logger)
            await budget?.take()
        } else {
            try await goNatively(&migration)
            outcome.path = .direct
        }
        if let reason = stop.reason { throw reason }
        var move = LiveMove(
            source: source.name, target: target.name, name: request.vm, uuid: uuid,
            attachments: try await source.attachments(ofDomain: uuid),
            remains: shared.isEmpty ? Departure.remains(facts.shutOff, by: id, on: target.name) : nil,
            outlived: place.outlived, outlivedFolder: place.outlived == nil ? nil : place.folder)
        seed?.prepare(&move, plan.files, place)
        let live = move
        if live.remains == nil {
            emit(.warning(host: source.name, message: "its disks there can't be a replica, and are left as they are"))
        }
        emit(.phase(host: target.name, phase: .moving, detail: nil))
        let timekeeping = Task { [budget] in await budget?.keepTime() }
        let watch = LiveWatch(run: self, tunnel: tunnel, path: outcome.path)
        let watching = Task { await watch.watch() }
        let moving = migration
        let result = await shielded { () -> Result<Void, KVMCloneError> in
            do throws(KVMCloneError) {
                try await ledger.perform(.moveLive(live)) { () throws(KVMCloneError) in
                    try await source.migrate(domain: uuid, to: target, moving)
                }
                return .success(())
            } catch {
                return .failure(advised(error))
            }
        }
        let wire = await tunnel?.wireBytes()
        timekeeping.cancel()
        await budget?.giveBack()
        watching.cancel()
        let seen = await watching.value
        (outcome.logicalBytes, outcome.wireBytes) = (seen.moved, max(seen.wire, wire ?? 0))
        try result.get()
    }

    /// The same, with what to do where libvirt's words don't tell.
    private func advised(_ error: KVMCloneError) -> KVMCloneError {
        guard request.options.migration.postCopy, "\(error.cause ?? "")".contains("Postcopy is not supported") else {
            return error
        }
        var error = error
        error.whatToDo = "on both hosts: sysctl vm.unprivileged_userfaultfd=1; or leave --post-copy out"
        return error
    }

    private func claim(_ subject: Claim.Subject, on driver: any HostDriver) async throws(KVMCloneError) {
        try await ledger.perform(.claim(host: driver.name)) { () throws(KVMCloneError) in
            _ = try await driver.call(Claim(subject, operation: id.description, fence: fence))
        }
    }

    private func migration(
        _ facts: SourceFacts, _ shared: Set<String>
    ) async throws(KVMCloneError) -> LiveMigration {
        let running = try await source.migratableXML(ofDomain: uuid)
        let networks = request.options.networkMap
        let bases = (seed?.bases ?? [:]).mapValues { base in
            DiskRewrite.Base(.file("\(place.folder)/\(base.file)"), format: base.format)
        }
        do throws(DomainXMLError) {
            var migration = LiveMigration(
                xml: try LivePlanner.xml(
                    running, plan.files, place, networks: networks, shared: shared, bases: bases),
                definition: try LivePlanner.xml(
                    facts.record.inactiveXML, plan.files, place, networks: networks, shared: shared, bases: bases),
                disks: plan.files.map(\.disk).filter { !shared.contains($0) })
            migration.movesTopsOnly = seed != nil
            migration.autoConverges = request.options.migration.autoConverges
            migration.postCopy = request.options.migration.postCopy
            return migration
        } catch {
            throw KVMCloneError(.clone, "its domain XML can't be used", host: source.name, cause: "\(error)")
        }
    }

    /// QEMU connects to the new host by itself.
    private func goNatively(_ migration: inout LiveMigration) async throws(KVMCloneError) {
        guard let address = try await target.profile().transferAddress else {
            throw KVMCloneError(
                .configuration, "the host has no address for transfers", host: target.name,
                whatToDo: "give it a transfer_address, or leave --native out")
        }
        let name = address.contains(":") ? "[\(address)]" : address
        migration.memoryURI = "tcp://\(name)"
        migration.disksURI = "tcp://\(name)"
        migration.connections = request.options.migration.connections
        migration.bandwidth = coordinator.budgets.limit(of: request.options)
    }

    /// Ends what was begun. Without a verdict nobody knows where the VM is.
    private func end() async -> (verdict: LiveMove.Verdict?, unknown: KVMCloneError?, complaints: [String]) {
        let records = ledger.records
        let undoing = Undoing(
            operation: id, journal: coordinator.journal, hosts: coordinator.hosts, logger: coordinator.logger,
            run: fence)
        let ended = await undoing.endLive(records)
        ledger.drop(Set(records.map(\.number)))
        return (ended.verdict, ended.unknown, ended.entries.complaints)
    }
}
