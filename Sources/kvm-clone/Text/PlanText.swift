import Interface
import KVMClone
import Model

extension ClonePlan {
    /// True when a finding stops the copy.
    var isBlocked: Bool {
        (findings + targets.flatMap(\.findings)).contains { $0.severity == .blocks }
    }
}

/// A plan for people.
enum PlanText {
    static func render(_ plan: ClonePlan) throws(KVMCloneError) -> String {
        var text = "Plan for \(plan.vm) from \(plan.source); nothing has been changed.\n"
        if let migration = plan.migration { text += "It moves \(migration.mode.rawValue): \(migration.reason).\n" }
        switch plan.migration?.mode == .live ? nil : plan.consistency {
        case .agent?: text += "It runs: all disks at one instant, its file systems frozen by the guest's agent.\n"
        case .crash?: text += "It runs: all disks at one instant, as after a power cut.\n"
        case .off?, nil: break
        }
        text += FindingText.lines(plan.findings)
        for target in plan.targets {
            let isBlocked = target.findings.contains { $0.severity == .blocks }
            text += "\n\(isBlocked ? "!" : "+") \(target.host)/\(target.newName)  \(target.uuid)  pool \(target.pool)\n"
            var disks = Table([
                .init("disk"), .init("format"), .init("size", alignsRight: true), .init("used", alignsRight: true),
                .init("from"), .init("to"),
            ])
            for (file, name) in zip(plan.files, target.fileNames) {
                disks.add([
                    file.layer == 0 ? file.disk : "\(file.disk).\(file.layer)", file.format,
                    ByteCount.format(file.size), ByteCount.format(file.used), file.sourcePath,
                    "\(target.folder)/\(name)",
                ])
            }
            text += indented(try disks.render())
            if let note = target.replicaNote { text += "  \(note)\n" }
            for mac in target.macs {
                text += mac.old == mac.new ? "  MAC      \(mac.old) kept\n" : "  MAC      \(mac.old) → \(mac.new)\n"
            }
            text += FindingText.lines(target.findings)
        }
        return text
    }

    static func findings(_ plan: ClonePlan) -> String {
        FindingText.lines(plan.findings)
            + plan.targets.map { "\($0.host):\n" + FindingText.lines($0.findings) }.joined()
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  \($0)\n" }.joined()
    }
}

/// Findings of preflight and doctor for people.
enum FindingText {
    static func lines(_ findings: [PreflightFinding]) -> String {
        findings.map { finding in
            let sign = finding.severity == .blocks ? "blocks " : "warning"
            let advice = (finding.whatToDo ?? "").split(separator: "\n").enumerated()
                .map { ($0 == 0 ? "           try: " : "                ") + $1 + "\n" }.joined()
            return "  \(sign)  [\(finding.code.rawValue)] \(finding.message)\n" + advice
        }.joined()
    }
}
