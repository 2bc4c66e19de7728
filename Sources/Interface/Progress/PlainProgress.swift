import Model

/// Progress for a pipe: whole lines, one for each event, and at most one per interval for the progress itself.
public struct PlainProgress: Sendable {
    private let interval: Double
    private let firstAfter: Double
    private var last: Double?
    private var state = ProgressState()

    /// Lines of progress come `interval` seconds apart; the first one `firstAfter` seconds after the start.
    public init(interval: Double = 10, firstAfter: Double = 10) {
        self.interval = interval
        self.firstAfter = firstAfter
    }

    /// The lines for `event`, each with its newline; none while the interval has not passed. `seconds` counts
    /// monotonically from any start.
    public mutating func lines(for event: OperationEvent, seconds: Double) -> String {
        state.apply(event)
        if case .progress(let snapshot) = event {
            if let last, seconds - last < interval { return "" }
            last = seconds
            return snapshot.targets.filter { [.copying, .verifying, .moving].contains($0.phase) }.map(line).joined()
        }
        if case .started = event { last = seconds + firstAfter - interval }
        return "\(prefix)\(EventMessage.of(event, start: state.start))\n"
    }

    private func line(_ target: TargetProgress) -> String {
        let disks = state.targets.first { $0.host == target.host }?.disks ?? []
        let left = disks.compactMap(\.secondsLeft).max().map { ", \(Figures.span($0)) left" } ?? ""
        let way = target.path == .coordinator ? ", via coordinator" : ""
        return "\(prefix)\(EventMessage.target(target))\(left)\(way)\n"
    }

    private var prefix: String { state.start.map { "\($0.id) " } ?? "" }
}
