import Interface
import KVMClone
import Model

extension ClonePlan {
    /// True when a finding stops the copy.
    var isBlocked: Bool { targets.contains { $0.findings.contains { $0.severity == .blocks } } }
}

/// A plan for people.
enum PlanText {
    static func render(_ plan: ClonePlan) throws(KVMCloneError) -> String {
        var text = "Plan for \(plan.vm) from \(plan.source); nothing has been changed.\n"
        for target in plan.targets {
            let isBlocked = target.findings.contains { $0.severity == .blocks }
            text += "\n\(isBlocked ? "!" : "+") \(target.host)/\(target.newName)  \(target.uuid)  pool \(target.pool)\n"
            var disks = Table([
                .init("disk"), .init("format"), .init("size", alignsRight: true), .init("used", alignsRight: true),
                .init("from"), .init("to"),
            ])
            for disk in target.disks {
                disks.add([
                    disk.disk, disk.format, Model.ByteCount.format(disk.size),
                    disk.used.map { Model.ByteCount.format($0) } ?? "", disk.sourcePath, disk.targetPath,
                ])
            }
            text += indented(try disks.render())
            if !target.macs.isEmpty { text += "  MAC      \(target.macs.joined(separator: ", "))\n" }
            if !target.networks.isEmpty { text += "  network  \(target.networks.joined(separator: ", "))\n" }
            text += FindingText.lines(target.findings)
        }
        return text
    }

    static func findings(_ plan: ClonePlan) -> String {
        plan.targets.map { "\($0.host):\n" + FindingText.lines($0.findings) }.joined()
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
