import Model

/// Draws a progress state for a terminal. Every line is narrower than the terminal, so that none wraps.
public struct ProgressView: Sendable {
    /// What the drawing depends on besides the state.
    public struct Style: Sendable {
        /// Columns and lines of the terminal, and whether it shows UTF-8.
        public var terminal: Terminal
        /// Colours.
        public var paint: Paint
        /// Counts the frames; turns the spinner.
        public var frame: Int

        /// A style from its parts.
        public init(terminal: Terminal, paint: Paint, frame: Int = 0) {
            self.terminal = terminal
            self.paint = paint
            self.frame = frame
        }
    }

    let style: Style
    let symbols: Symbols
    /// Columns that a line may take. The last one stays free, since some terminals wrap when it is written.
    let room: Int
    var paint: Paint { style.paint }

    /// A view in a style.
    public init(_ style: Style) {
        self.style = style
        symbols = style.terminal.isUTF8 ? .unicode : .ascii
        room = max(1, style.terminal.columns - 1)
    }

    /// The lines of a running operation: a heading, then one per target and disk. When there are more than the
    /// terminal has, those in the middle of the work come first and the last line counts the rest.
    public func running(_ state: ProgressState) -> [String] {
        guard let start = state.start else { return [fit("\(spinner) looking at the hosts")] }
        let columns = columns(state, of: start)
        var entries = state.targets.flatMap { lines(for: $0, of: start, columns) }
        let limit = max(1, style.terminal.lines - 2)
        var footer: [String] = []
        if entries.count > limit {
            let active = entries.filter(\.isActive)
            let others = entries.filter { !$0.isActive }
            let shown = (active + others).prefix(limit - 1)
            footer = ["  \(symbols.ellipsis) \(entries.count - shown.count) more"]
            entries = Array(shown)
        }
        return ([heading(state, start)] + entries.map(\.text) + footer).map(fit)
    }

    /// The lines that stay when it has ended: a heading and one per target that got a copy, or should have.
    public func finished(_ state: ProgressState) -> [String] {
        guard let start = state.start else { return [] }
        let columns = columns(state, of: start)
        let entries = (start.kind.makesCopies ? state.targets : []).map { target in
            let name = DisplayWidth.pad(shortName(target, of: start), to: columns.name)
            return target.outcome.map { ended($0, target, name: name) } ?? waiting(target, name: name)
        }
        let end = state.end.map { " \($0.rawValue)" } ?? ""
        let seconds = max(state.elapsed, state.targets.compactMap(\.outcome?.seconds).max() ?? 0)
        let heading = title(start) + "\(end) in \(Figures.span(seconds))"
        return ([heading] + entries).map(fit)
    }

    func title(_ start: OperationStart) -> String {
        let count = start.targets.count == 1 ? "1 target" : "\(start.targets.count) targets"
        return "\(paint.bold(start.kind.rawValue)) \(start.id)  \(count)"
    }

    private func heading(_ state: ProgressState, _ start: OperationStart) -> String {
        var parts = [title(start)]
        if state.rate > 0 { parts.append(ByteCount.formatRate(state.rate)) }
        if let left = state.secondsLeft { parts.append("ETA \(Figures.span(left))") }
        return parts.joined(separator: " \(symbols.dot) ")
    }

    private func fit(_ line: String) -> String {
        DisplayWidth.truncate(line, to: room, ellipsis: symbols.ellipsis)
    }
}
