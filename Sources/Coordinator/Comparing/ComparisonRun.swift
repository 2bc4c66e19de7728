import AgentProtocol
import DomainXML
import Model

/// A comparison that runs: every disk of the VM beside those of each copy. Nothing is written; what is opened and claimed
/// meanwhile is undone at the end.
struct ComparisonRun: Sendable {
    let operation: CopyOperation
    let tracker: ProgressTracker
    let ledger: Ledger
    /// Files of each copy, in the order of the operation's targets.
    let copies: [[ClonePlan.File]]
    /// Of each copy that is a replica.
    let replicas: [Replica?]

    func run() async -> [ComparedCopy] {
        let found = await compareAll()
        return await shielded { [ledger, operation] in
            for driver in operation.targets + [operation.source] {
                for complaint in await ledger.undo(on: driver) {
                    operation.emit(.warning(host: driver.name, message: complaint))
                }
            }
            return found
        }
    }

    private func compareAll() async -> [ComparedCopy] {
        let source: SourceDigests
        do throws(KVMCloneError) { source = SourceDigests(try await openSource()) } catch {
            let error = operation.stop.reason ?? error
            return operation.targets.indices.map { failed($0, error) }
        }
        return await withTaskGroup(of: (Int, ComparedCopy).self) { group in
            for place in operation.targets.indices {
                group.addTask { (place, await verdict(on: place, with: source)) }
            }
            let found = await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            return operation.targets.indices.compactMap { found[$0] }
        }
    }

    // A function of its own: optimized by Swift 6.3, a tuple of a number and what a call returns that may throw a typed
    // error came out of the task with other values.
    private func verdict(on place: Int, with source: SourceDigests) async -> ComparedCopy {
        do throws(KVMCloneError) {
            return try await compare(place, with: source)
        } catch {
            return failed(place, operation.stop.reason ?? error)
        }
    }

    private func compare(_ place: Int, with source: SourceDigests) async throws(KVMCloneError) -> ComparedCopy {
        let target = operation.plan.targets[place]
        enter(.preparing, place)
        let copy = try await openCopy(place)
        enter(.comparing, place)
        let comparison = WindowComparison(source: source, copy: copy)
        var done = operation.plan.files.map { _ in UInt64(0) }
        var data: UInt64 = 0
        var disks: [ComparedDisk] = []
        for (disk, file) in operation.plan.files.enumerated() {
            disks.append(
                try await comparison.compare((disk, disk), named: file.disk) { bytes, read in
                    done[disk] = bytes
                    data += read
                    tracker.received(
                        ReceivingProgress(job: operation.job, done: done, data: data, wire: 0), during: .comparing,
                        host: target.host)
                })
        }
        try await source.confirmUnchanged()
        _ = try await copy.driver.call(ConfirmUnchanged(job: copy.job))
        let verdict = disks.allSatisfy(\.matches) ? ComparedCopy.Verdict.matched : .differed
        if let replica = replicas[place] { try await note(verdict, of: replica, place) }
        let compared = ComparedCopy(host: target.host, name: target.newName, verdict: verdict, disks: disks)
        enter(.done, place, detail: compared.summary)
        return compared
    }

    private func openSource() async throws(KVMCloneError) -> ComparedSide {
        let plan = operation.plan
        try await ledger.perform(.claim(host: plan.source)) { () throws(KVMCloneError) in
            try await operation.claim(.source(uuid: plan.vmUUID), on: operation.source)
        }
        let isRunning = plan.consistency != nil
        let socket = isRunning ? try await RunningSource(operation: operation, ledger: ledger).begin().socket : nil
        let side = try await opening.source(socket: socket)
        // A running VM that ends takes its backup with it.
        if !isRunning { try await expectStopped(plan.vm, uuid: plan.vmUUID, on: operation.source) }
        return side
    }

    private func openCopy(_ place: Int) async throws(KVMCloneError) -> ComparedSide {
        let (target, driver) = (operation.plan.targets[place], operation.targets[place])
        try await ledger.perform(.claim(host: target.host)) { () throws(KVMCloneError) in
            try await operation.claim(.target(name: target.newName), on: driver)
        }
        let side = try await opening.open(copies[place], of: target.newName, on: driver)
        // Nothing can start a replica.
        if replicas[place] == nil { try await expectStopped(target.newName, uuid: target.uuid, on: driver) }
        return side
    }

    private var opening: ComparisonOpening { ComparisonOpening(operation: operation, ledger: ledger) }

    /// A start before the locks were held would have gone unseen.
    private func expectStopped(
        _ vm: String, uuid: String, on driver: any HostDriver
    ) async throws(KVMCloneError) {
        guard let record = try await driver.domain(named: vm), record.uuid == uuid, record.state == .stopped else {
            throw KVMCloneError(
                .clone, "VM '\(vm)' was started or removed since it was looked at", host: driver.name,
                whatToDo: "shut it down and compare again", exitCode: .preflight)
        }
    }

    /// A full comparison is written down with the replica: one that differs is neither promoted nor built upon.
    private func note(
        _ verdict: ComparedCopy.Verdict, of replica: Replica, _ place: Int
    ) async throws(KVMCloneError) {
        guard operation.plan.kind == .verify else { return }
        var record = replica.record
        record.differs = verdict == .differed
        record.verified = Timestamp.now
        _ = try await operation.targets[place].call(
            SwitchReplica(
                folder: replica.folder, replica: record.name, from: record.generation, to: record))
    }

    private func enter(_ phase: TargetPhase, _ place: Int, detail: String? = nil) {
        let host = operation.plan.targets[place].host
        tracker.enter(phase, host: host)
        operation.emit(.phase(host: host, phase: phase, detail: detail))
    }

    private func failed(_ place: Int, _ error: KVMCloneError) -> ComparedCopy {
        let target = operation.plan.targets[place]
        enter(error.code == .cancelled ? .cancelled : .failed, place, detail: "\(error)")
        return ComparedCopy(
            host: target.host, name: target.newName, verdict: .notPerformed, error: error.on(target.host))
    }
}

extension ComparedCopy {
    /// What was found, in a few words.
    var summary: String {
        verdict == .differed ? "differs in \(ByteCount.format(differingBytes))" : verdict.rawValue
    }
}

extension ClonePlan.File {
    /// How an agent opens it for reading. `socket`: of the backup that shows the VM's disks while it runs; `withBitmap`: which
    /// says what was written. `bitmap`: of a disk that is read as it is.
    func opened(
        as export: String, socket: String?, withBitmap: Bool = false, bitmap: String? = nil
    ) -> OpenSend.Disk {
        OpenSend.Disk(
            index: index, image: ImageReference(path: sourcePath, format: sourceFormat), guestView: guestView,
            locked: lockedPaths.sorted { $0.key < $1.key }.map { ImageReference(path: $0.key, format: $0.value) },
            exportName: export, socket: scratchFolder == nil ? nil : socket,
            bitmap: withBitmap && hasBitmaps
                ? BackupRequest.bitmap(of: disk) : isShutOffWithBitmaps ? bitmap : nil)
    }
}
