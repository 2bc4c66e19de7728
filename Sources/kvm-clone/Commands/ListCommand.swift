import ArgumentParser
import Interface
import KVMClone
import Model

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the VMs and replicas of hosts.",
        discussion: "Without hosts: all of the topology, or this machine.")

    /// The state that a VM must have.
    enum Status: String, CaseIterable, ExpressibleByArgument {
        case all, running, stopped, paused, suspended, crashed
    }

    /// The other way to say how the result is shown.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, list, json, yaml

        var output: OutputFormat {
            switch self {
            case .table: .text
            case .list: .name
            case .json: .json
            case .yaml: .yaml
            }
        }
    }

    @Argument(help: .init("The hosts.", valueName: "host"))
    var hosts: [String] = []

    @Option(name: .shortAndLong, help: "Only VMs in this state.")
    var status = Status.all

    @Option(help: "How the result is shown; the same as --output.")
    var format: Format?

    @OptionGroup var table: TableOptions
    @OptionGroup var ssh: SSHOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard format == nil || global.output == nil else {
            throw ValidationError("--format and --output exclude each other.")
        }
    }

    func run() async throws {
        var global = global
        global.output = format?.output ?? global.output
        let context = try CommandContext(global, flags: ssh.flags)
        let names = hosts.flatMap { $0.split(separator: ",").map(String.init) }
        for name in names { try CopyOperands.checkHost(name, field: "host") }
        let listings = try await context.withClient { [status] in
            try await $0.list(names, status: VMState(rawValue: status.rawValue))
        }
        switch context.output {
        case .json, .yaml:
            try StandardOutput.write(DocumentText.render(ListingDocument(listings), as: context.output))
        case .name:
            try StandardOutput.write(listings.flatMap(\.vms).map { "\($0.host)/\($0.name)\n" }.joined())
        case .text, .wide:
            var text = try ListingText.table(listings).render(table.table(for: context.output))
            if let replicas = ListingText.replicas(listings) {
                // --columns names those of VMs.
                var options = Table.Options(isWide: context.output == .wide)
                options.showsHeader = table.table(for: context.output).showsHeader
                text += "\n" + (try replicas.render(options))
            }
            try StandardOutput.write(text)
        }
        for listing in listings {
            for error in (listing.error.map { [$0] } ?? []) + listing.gaps { context.tell(error.on(listing.host)) }
        }
        if let code = listings.exitCode { throw Finish(code: code) }
    }
}
