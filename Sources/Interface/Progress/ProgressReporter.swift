import Dispatch
import FoundationEssentials
import Model
import Synchronization

/// Shows one operation as it runs, in the way that was asked for. Events may come from any thread; none is kept
/// waiting by a slow terminal or file.
public final class ProgressReporter: Sendable {
    /// How progress is shown.
    public enum Mode: Sendable {
        /// Redrawn in place, at most ten times a second.
        case live(Paint)
        /// Lines for a pipe.
        case plain
        /// JSON lines.
        case jsonLines
        case none
    }

    private struct State {
        var view = ProgressState()
        var plain: PlainProgress
        var lines: EventLines
        var fileLines: EventLines
        var frame = 0
        var isEnded = false
    }

    private let mode: Mode
    private let console: Console
    private let file: EventsFile?
    private let terminal: @Sendable () -> Terminal
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "progress")
    private let begin = DispatchTime.now().uptimeNanoseconds

    /// A reporter for the operation `id`. `terminal` is asked before each frame, so that the view follows the
    /// window's size. `isUnderWay` is for an operation that has run for a while: lines tell at once where it stands.
    public init(
        id: OperationID, mode: Mode, console: Console, eventsFile: EventsFile? = nil, isUnderWay: Bool = false,
        terminal: @escaping @Sendable () -> Terminal
    ) {
        self.mode = mode
        self.console = console
        self.terminal = terminal
        file = eventsFile
        let lines = EventLines(operation: id)
        let plain = isUnderWay ? PlainProgress(firstAfter: 0) : PlainProgress()
        state = Mutex(State(plain: plain, lines: lines, fileLines: lines))
        if case .jsonLines = mode { console.print(lines.first(now: Date())) }
        eventsFile?.append(lines.first(now: Date()))
        if case .live = mode { scheduleFrame() }
    }

    /// Takes the next event. Doesn't block.
    public func receive(_ event: OperationEvent) {
        let now = Date()
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
        // Printing stays under the lock so that lines keep the order of their events; it only queues.
        state.withLock { state in
            state.view.apply(event)
            if let file { file.append(state.fileLines.lines(for: event, now: now, seconds: seconds)) }
            switch mode {
            case .none: break
            case .plain: print(state.plain.lines(for: event, seconds: seconds))
            case .jsonLines: print(state.lines.lines(for: event, now: now, seconds: seconds))
            case .live:
                if case .warning = event { print("kvm-clone: \(EventMessage.of(event, start: state.view.start))\n") }
            }
        }
    }

    /// Ends the view: what was drawn goes, the last lines stay. Call it once, however the operation ended.
    public func finish() {
        state.withLock { state in
            guard !state.isEnded else { return }
            state.isEnded = true
            if case .live(let paint) = mode {
                console.finish(ProgressView(.init(terminal: terminal(), paint: paint)).finished(state.view))
            }
        }
        file?.close()
    }

    private func print(_ text: String) {
        if !text.isEmpty { console.print(text) }
    }

    private func scheduleFrame() {
        queue.asyncAfter(deadline: .now() + .milliseconds(100)) { [weak self] in self?.drawFrame() }
    }

    private func drawFrame() {
        guard case .live(let paint) = mode else { return }
        state.withLock { state in
            guard !state.isEnded else { return }
            state.frame += 1
            let view = ProgressView(.init(terminal: terminal(), paint: paint, frame: state.frame))
            console.draw(view.running(state.view))
            scheduleFrame()
        }
    }
}
