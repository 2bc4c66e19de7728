import Model

/// Everything that the progress views know of one operation. All of it comes from events.
public struct ProgressState: Sendable {
    /// One disk on its way to one target.
    public struct DiskLine: Sendable {
        /// What was told of it last.
        public fileprivate(set) var progress: DiskProgress
        /// Bytes per second; nil before it is known.
        public var rate: Double?
        /// Seconds left to show; nil while unknown.
        public var secondsLeft: Double?

        fileprivate var smoothed = SmoothedRate()
        fileprivate var countdown = Countdown()

        /// The guest's name for it.
        public var disk: String { progress.disk }
        /// How far the pass has come.
        public var share: WorkShare { progress.share }

        fileprivate init(_ progress: DiskProgress) { self.progress = progress }
    }

    /// One target.
    public struct TargetLine: Sendable {
        /// The target's host.
        public var host: String
        /// The copy's name.
        public var newName: String
        /// Where it stands.
        public var phase: TargetPhase
        /// What is worth knowing about the phase.
        public var detail: String?
        /// Its disks.
        public var disks: [DiskLine]
        /// How its bytes travel, once known.
        public var path: DataPath?
        /// How it ended, once it has.
        public var outcome: TargetOutcome?
    }

    /// What the operation is about; nil before it has started.
    public private(set) var start: OperationStart?
    /// Targets in the order of the command.
    public private(set) var targets: [TargetLine] = []
    /// Seconds since the start, at the last event that told it.
    public private(set) var elapsed = 0.0
    /// Bytes per second over all targets.
    public private(set) var rate = 0.0
    /// Seconds left for the whole operation; nil while unknown.
    public private(set) var secondsLeft: Double?
    /// How the operation ended, once it has.
    public private(set) var end: OperationState?
    private var countdown = Countdown()

    /// A state before the first event.
    public init() {}

    /// Takes the next event.
    public mutating func apply(_ event: OperationEvent) {
        switch event {
        case .started(let start): begin(start)
        case .phase(let host, let phase, let detail):
            update(host) { $0.enter(phase, detail: detail) }
        case .progress(let snapshot): advance(snapshot)
        case .warning: break
        case .targetEnded(let outcome):
            update(outcome.host) { target in
                target.outcome = outcome
                target.phase = outcome.error == nil ? .done : .failed
                if outcome.error?.code == .cancelled { target.phase = .cancelled }
                target.path = outcome.path ?? target.path
            }
        case .ended(let state): end = state
        }
    }

    private mutating func begin(_ start: OperationStart) {
        self.start = start
        targets = start.targets.enumerated().map { index, host in
            TargetLine(
                host: host, newName: start.newNames.indices.contains(index) ? start.newNames[index] : start.vm,
                phase: .preparing, disks: start.disks.map { DiskLine($0) })
        }
    }

    private mutating func update(_ host: String, _ change: (inout TargetLine) -> Void) {
        guard let index = targets.firstIndex(where: { $0.host == host }) else { return }
        change(&targets[index])
    }

    private mutating func advance(_ snapshot: ProgressSnapshot) {
        elapsed = snapshot.elapsed
        for news in snapshot.targets {
            update(news.host) { $0.advance(news, now: snapshot.elapsed) }
        }
        let active = targets.filter { !$0.phase.isFinal }
        let working = snapshot.targets.filter { !$0.phase.isFinal }
        rate = working.reduce(0) { $0 + max(0, $1.rate) }
        let predictions = active.map(\.prediction)
        let known = predictions.compactMap { $0 }
        // The whole takes as long as its last target; nobody knows while one of them isn't known.
        let prediction = known.count == predictions.count ? known.max() : nil
        secondsLeft = countdown.update(prediction: prediction, now: snapshot.elapsed)
    }
}

extension ProgressState.TargetLine {
    /// The latest prediction for this target, as it came or as its disks' rates give it.
    fileprivate var prediction: Double? {
        let known = disks.compactMap(\.secondsLeft)
        return known.count == disks.count ? known.max() : nil
    }

    fileprivate mutating func enter(_ phase: TargetPhase, detail: String?) {
        if phase == .verifying, self.phase != .verifying {
            for index in disks.indices { disks[index].beginPass() }
        }
        self.phase = phase
        self.detail = detail
    }

    fileprivate mutating func advance(_ news: TargetProgress, now: Double) {
        path = news.path ?? path
        // A snapshot may have been taken just before the phase changed.
        guard outcome == nil, news.phase.order >= phase.order else { return }
        if news.phase != phase { enter(news.phase, detail: nil) }
        for progress in news.disks {
            var line = disks.first { $0.disk == progress.disk } ?? ProgressState.DiskLine(progress)
            line.advance(progress, of: news, now: now)
            if let index = disks.firstIndex(where: { $0.disk == progress.disk }) {
                disks[index] = line
            } else {
                disks.append(line)
            }
        }
    }
}

extension ProgressState.DiskLine {
    /// Begins at nothing again: what was written is read back.
    fileprivate mutating func beginPass() {
        progress.done = 0
        if progress.data != nil { progress.data = 0 }
        smoothed = SmoothedRate()
    }

    fileprivate mutating func advance(_ progress: DiskProgress, of target: TargetProgress, now: Double) {
        self.progress = progress
        let share = progress.share
        smoothed.update(bytes: share.moved, now: now)
        let isAlone = target.disks.count == 1
        rate = isAlone ? target.rate : smoothed.value
        var prediction = isAlone ? target.secondsLeft : nil
        if prediction == nil, let speed = smoothed.value, speed > 0, share.expected >= share.moved {
            prediction = Double(share.expected - share.moved) / speed
        }
        secondsLeft = countdown.update(prediction: prediction, now: now)
    }
}

extension TargetPhase {
    /// Its place in a target's life.
    fileprivate var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
