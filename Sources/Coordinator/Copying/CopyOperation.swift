import AgentProtocol
import Logging
import Model

/// A clone or replication that runs: a plan, carried out step by step.
package struct CopyOperation: Sendable {
    package let id: OperationID
    package let plan: ClonePlan
    package let distribution: Distribution
    package let budgets: Budgets
    package let options: CloneOptions
    package let attempt: Attempt
    package let source: any HostDriver
    /// In the order of `plan.targets`.
    package let targets: [any HostDriver]
    package let journal: any Journal
    package let stop: StopSignal
    package let emit: @Sendable (OperationEvent) -> Void
    package let logger: Logger
    let patience: Pulse.Patience

    package init(
        id: OperationID, plan: ClonePlan, distribution: Distribution = Distribution(),
        budgets: Budgets, options: CloneOptions, attempt: Attempt = Attempt(),
        source: any HostDriver, targets: [any HostDriver],
        journal: any Journal, stop: StopSignal, logger: Logger,
        patience: Pulse.Patience = Pulse.Patience(), emit: @escaping @Sendable (OperationEvent) -> Void
    ) {
        self.id = id
        self.plan = plan
        self.distribution = distribution
        self.budgets = budgets
        self.options = options
        self.attempt = attempt
        self.source = source
        self.targets = targets
        self.journal = journal
        self.stop = stop
        self.patience = patience
        var logger = logger
        logger[metadataKey: "operation"] = "\(id)"
        logger[metadataKey: "vm"] = "\(plan.vm)"
        self.logger = logger
        self.emit = emit
    }

    /// Does the work. Every target has an outcome; whatever failed was rolled back. Stops early, and rolls back,
    /// when the signal is given.
    package func run() async -> [TargetOutcome] {
        await watched(verifies: options.verify) { tracker in
            await CopyRun(operation: self, tracker: tracker).run()
        }
    }

    /// Does some work on the plan's files and targets, and tells how far it is. The work is cancelled when the stop signal
    /// is given.
    func watched<Outcomes: Sendable>(
        verifies: Bool, _ body: @escaping @Sendable (ProgressTracker) async -> Outcomes
    ) async -> Outcomes {
        let tracker = ProgressTracker(plan: plan, verifies: verifies)
        emit(.started(start))
        let work = Task { await body(tracker) }
        stop.onStop { work.cancel() }
        let watch = CopyWatch(operation: self, tracker: tracker)
        let watching = Task { await watch.run() }
        let outcomes = await work.value
        watching.cancel()
        await watching.value
        await watch.writeDown()
        emit(.progress(tracker.snapshot()))
        return outcomes
    }

    /// True when a target may get its data in more than one way: others pass it on, or it has some of it already.
    var isInTrees: Bool { distribution.plan != nil || sendsRanges }

    /// Connections that bring a target its data: at least one for each tree.
    var streams: Int { max(options.parallel, distribution.plan.map(TreeLayout.leastStreams) ?? 1) }

    /// When the source compresses. Where targets pass frames on, it waits for their work as well as for the link, and
    /// can't tell them apart: there the planned rate decides whether compressing may pay. One core manages about
    /// 250 MB/s at zstd's level 1, and gains where that is several times what the link carries.
    var compression: OpenSend.Compression {
        let choice = OpenSend.Compression(options.compression)
        guard choice == .auto, let rate = distribution.plan?.rate else { return choice }
        return rate < 64e6 ? .auto : .off
    }

    /// Most bytes in a frame. Where targets pass frames on, each hop waits for a whole one of each stream. The source reads
    /// and hashes in larger pieces in any case.
    var frameSize: Int {
        (distribution.plan?.cohorts[0].stripes.map(\.depth).max() ?? 1) > 1 ? 128 << 10 : 1 << 20
    }

    /// Logs where an agent's time went, in milliseconds per stage.
    func logStages(_ step: String, _ stages: [String: UInt64], host: String) {
        var metadata: Logger.Metadata = ["operation": "\(id)", "host": "\(host)", "vm": "\(plan.vm)"]
        for (stage, nanoseconds) in stages { metadata["\(stage)_ms"] = "\(nanoseconds / 1_000_000)" }
        logger.debug("\(step)", metadata: metadata)
    }

    private var start: OperationStart {
        OperationStart(
            id: id, kind: plan.kind, vm: plan.vm, source: plan.source, targets: plan.targets.map(\.host),
            newNames: plan.targets.map(\.newName),
            disks: plan.files.map {
                DiskProgress(
                    disk: $0.layer == 0 ? $0.disk : "\($0.disk).\($0.layer)", done: 0, total: $0.size, used: $0.used)
            })
    }
}
