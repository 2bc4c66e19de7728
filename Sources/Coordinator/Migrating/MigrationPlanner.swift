import DomainXML
import Model

/// Decides how a VM is moved. Asks nobody.
struct MigrationPlanner {
    let source: SourceFacts
    let options: CloneOptions

    private var vm: String { source.record.name }

    /// Why it can't be copied while it runs; empty when it can, or when it doesn't run.
    private var obstacles: [PreflightFinding] {
        RunningChecks(source: source, options: options).findings().blockers
    }

    func choice() -> MigrationChoice {
        guard source.record.state != .stopped else {
            return MigrationChoice(mode: .cold, reason: "it is shut off", runs: false)
        }
        if let mode = options.migration.mode {
            let how = mode == .seeded ? "; it runs on with overlays on its disks while those are copied" : ""
            return MigrationChoice(mode: mode, reason: "as asked for" + how, runs: true)
        }
        guard let live = source.live, ["kvm", "qemu"].contains(live.type) else {
            return warm("it runs, and is down only while what it has written last is copied")
        }
        return MigrationChoice(mode: .live, reason: "it runs, and goes on while it moves", runs: true)
    }

    private func warm(_ reason: String) -> MigrationChoice {
        MigrationChoice(mode: .warm, reason: reason, runs: true)
    }

    /// What stands in the way of moving it, beside what stands in the way of copying it.
    func findings(_ choice: MigrationChoice) -> [PreflightFinding] {
        let record = source.record
        var findings: [PreflightFinding] = []
        if record.state != .stopped, record.state != .running {
            findings.append(
                .blocks(
                    .validation, "VM '\(vm)' is \(record.state.rawValue); only one that runs or is shut off is moved",
                    fix: "virsh resume \(vm) on \(source.host), or shut it down"))
        }
        if !record.snapshots.isEmpty {
            findings.append(
                .blocks(
                    .validation,
                    "VM '\(vm)' has \(record.snapshots.count) snapshots, which would not come along: "
                        + record.snapshots.prefix(5).joined(separator: ", "),
                    fix: "remove them: virsh snapshot-delete \(vm) NAME on \(source.host)"))
        }
        if choice.mode == .seeded { findings += SeedChecks(source: source, options: options).findings() }
        if choice.mode == .warm, !obstacles.isEmpty {
            findings.append(
                .blocks(
                    .validation, "it can't be copied while it runs",
                    fix: "move it --cold: it is down while all of it is copied"))
        }
        if let asked = options.migration.mode, asked != choice.mode {
            findings.append(.warning(.validation, "VM '\(vm)' is shut off: it moves cold, and not \(asked.rawValue)"))
        }
        let misplaced = misplacedOptions(options.migration.mode ?? choice.mode)
        if !misplaced.isEmpty, choice.runs {
            findings.append(
                .blocks(
                    .validation,
                    "\(misplaced.joined(separator: ", ")) with a migration that is \(choice.mode.rawValue)",
                    fix: "leave it out, or choose --live, --seeded, --warm or --cold"))
        }
        return findings
    }

    /// Options that were given and mean nothing to that kind of migration.
    private func misplacedOptions(_ mode: MigrationMode) -> [String] {
        let given = options.migration
        let live = [
            ("--post-copy", given.postCopy), ("--auto-converge", given.autoConverges),
            ("--pause-after", given.pauseAfter != nil), ("--native", given.native),
        ]
        let down = [("--force-off", given.forcesOff), ("--shutdown-timeout", given.shutdownTimeout != nil)]
        let others =
            switch mode {
            case .live, .seeded: down
            case .warm: live
            case .cold: live + [("--downtime", given.downtime != nil)]
            }
        return others.filter(\.1).map(\.0)
    }
}

extension SourceFacts {
    /// The same once it is shut down.
    var shutOff: SourceFacts {
        var facts = self
        facts.record.state = .stopped
        facts.record.activeXML = nil
        facts.live = nil
        return facts
    }
}
