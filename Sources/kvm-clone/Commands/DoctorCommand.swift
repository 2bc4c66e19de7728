import ArgumentParser
import Interface
import KVMClone
import Model

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check hosts, and say how to fix what is wrong.",
        discussion: "Without hosts: all of the topology, or this machine. Exits with 17 when a finding blocks.")

    @Argument(help: .init("The hosts.", valueName: "host"))
    var hosts: [String] = []

    @Flag(help: "Remove the agent from the hosts afterwards.")
    var purge = false

    @OptionGroup var ssh: SSHOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global, flags: ssh.flags)
        let names = hosts.flatMap { $0.split(separator: ",").map(String.init) }
        for name in names { try CopyOperands.checkHost(name, field: "host") }
        let reports = try await context.withClient { [purge] client in
            let reports = try await client.doctor(names)
            if purge { try await client.purge(names) }
            return reports
        }
        switch context.output {
        case .json, .yaml: try StandardOutput.write(DocumentText.render(reports, as: context.output))
        case .name: try StandardOutput.write(reports.map { $0.host + "\n" }.joined())
        case .text, .wide: try StandardOutput.write(reports.map(Self.text).joined(separator: "\n"))
        }
        let isBlocked = reports.contains { $0.findings.contains { $0.severity == .blocks } }
        guard !isBlocked else { throw Finish(code: .preflight) }
    }

    static func text(_ report: DoctorReport) -> String {
        let width = report.facts.map { DisplayWidth.of($0.name) }.max() ?? 0
        let facts = report.facts.map { "  \(DisplayWidth.pad($0.name, to: width))  \($0.value)\n" }.joined()
        return "\(report.host)\n" + facts + FindingText.lines(report.findings)
    }
}
