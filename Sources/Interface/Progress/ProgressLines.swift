import Model

/// One line of the view.
struct ProgressEntry {
    var text: String
    var isActive: Bool
}

/// Widths that all lines of one frame share.
struct ProgressColumns {
    var name = 0
    var disk = 0
}

extension ProgressView {
    /// The widths that `state` needs.
    func columns(_ state: ProgressState, of start: OperationStart) -> ProgressColumns {
        ProgressColumns(
            name: state.targets.map { DisplayWidth.of(shortName($0, of: start)) }.max() ?? 0,
            disk: state.targets.flatMap(\.disks).map { DisplayWidth.of($0.disk) }.max() ?? 0)
    }

    /// A target's lines: one per disk while it works, one when it has ended or has no disks yet.
    func lines(
        for target: ProgressState.TargetLine, of start: OperationStart, _ columns: ProgressColumns
    ) -> [ProgressEntry] {
        let name = DisplayWidth.pad(shortName(target, of: start), to: columns.name)
        if let outcome = target.outcome {
            return [.init(text: ended(outcome, target, name: name), isActive: false)]
        }
        guard !target.disks.isEmpty, target.phase != .preparing, target.phase != .connecting else {
            return [.init(text: waiting(target, name: name), isActive: true)]
        }
        return target.disks.map { disk in
            let label = "\(name) \(DisplayWidth.pad(disk.disk, to: columns.disk))"
            return .init(text: working(disk, target, label: label), isActive: true)
        }
    }

    /// `✓ web01→kvm2 vda 11.2 GiB 58s verified`, `✗ web01→kvm5 [1204] needs …`.
    func ended(_ outcome: TargetOutcome, _ target: ProgressState.TargetLine, name: String) -> String {
        if let error = outcome.error {
            let place = error.host.map { $0 == target.host ? "" : "\($0): " } ?? ""
            let code = paint.red("[\(error.code.rawValue)]")
            return "\(paint.red(symbols.failed)) \(name) \(code) \(Validation.harmless(place + error.message))"
        }
        let disks = target.disks.map(\.disk).joined(separator: ",")
        var parts = [disks, ByteCount.format(outcome.logicalBytes), Figures.span(outcome.seconds)].filter {
            !$0.isEmpty
        }
        if outcome.verified { parts.append("verified") }
        if outcome.path == .coordinator { parts.append("via coordinator") }
        return "\(paint.green(symbols.done)) \(name) \(parts.joined(separator: " "))"
    }

    /// `⠹ web01→kvm3 connecting`.
    func waiting(_ target: ProgressState.TargetLine, name: String) -> String {
        let detail = target.detail.map { " " + Validation.harmless($0) } ?? ""
        return "\(spinner) \(name) \(target.phase.words)\(detail)"
    }

    /// `⠹ web01→kvm3 vda ██████▎    63% 7.05/11.2G  91M/s 0:13`. What there is no room for is left off, the least
    /// important first. The bar is that of copying; while it is read back what was written, the bar is full.
    private func working(
        _ disk: ProgressState.DiskLine, _ target: ProgressState.TargetLine, label: String
    ) -> String {
        let isCopied = target.phase == .verifying || target.phase == .publishing
        let percent = DisplayWidth.pad("\(isCopied ? 100 : Figures.percent(disk.share))%", to: 4, right: true)
        let amount = DisplayWidth.pad(
            Figures.fraction(disk.share.moved, of: disk.share.expected), to: 10, right: true)
        let isCopying = target.phase == .copying || target.phase == .moving
        let pace = isCopying ? (disk.rate.map { DisplayWidth.pad(Figures.rate($0), to: 6, right: true) } ?? "") : ""
        let left =
            isCopying
            ? (disk.secondsLeft.map { DisplayWidth.pad(Figures.clock($0), to: 4, right: true) } ?? "")
            : target.phase == .verifying ? "verifying \(Figures.percent(disk.share))%" : target.phase.words
        let detail = target.phase == .moving ? target.detail.map { Validation.harmless($0) } : nil
        let way = [target.path == .coordinator ? "via coordinator" : nil, detail].compactMap { $0 }.joined(
            separator: ", ")

        // Each is what stands right of the bar. The fullest one that leaves the bar its columns wins.
        let tails = [
            [percent, amount, pace, left, way], [percent, amount, pace, left], [percent, pace, left], [percent, left],
            [percent],
        ].map { $0.filter { !$0.isEmpty }.joined(separator: " ") }
        for (tail, width) in [(0, room >= 99 ? 20 : 10), (0, 10), (1, 10), (1, 4), (2, 4), (3, 4), (4, 4)] {
            let bar = symbols.bar(isCopied ? 1 : disk.share.fraction, width: width)
            guard 2 + DisplayWidth.of("\(label) \(bar) \(tails[tail])") <= room else { continue }
            return "\(spinner) \(label) \(paint.cyan(bar)) \(tails[tail])"
        }
        return "\(spinner) \(label) \(tails[4])"
    }

    var spinner: String { paint.cyan(symbols.spinner[style.frame % symbols.spinner.count]) }

    /// `web01→kvm3`, with the copy's name where it has another one. Where that takes more than half of the line, the
    /// source's name is left off.
    func shortName(_ target: ProgressState.TargetLine, of start: OperationStart) -> String {
        let other = target.newName == start.vm ? "" : "/\(target.newName)"
        let copy = "\(symbols.arrow)\(target.host)\(other)"
        let name = DisplayWidth.of(start.vm + copy) <= room / 2 ? start.vm + copy : copy
        return DisplayWidth.truncate(name, to: max(8, room / 2), ellipsis: symbols.ellipsis)
    }
}
