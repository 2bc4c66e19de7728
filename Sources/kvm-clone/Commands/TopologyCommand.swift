import ArgumentParser
import Interface
import Model
import Topology

struct TopologyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology", abstract: "Check, show and draw topology files.",
        subcommands: [Validate.self, Show.self, Graph.self])

    @OptionGroup(title: "Global options") var global: GlobalOptions

    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Check topology files.")

        @Argument(help: .init("The files; none: the one in use.", valueName: "file"))
        var files: [String] = []

        @OptionGroup(title: "Global options") var global: GlobalOptions

        private struct Verdict: Encodable {
            var file: String
            var valid: Bool
            var hosts: Int?
        }

        func run() async throws {
            let context = try CommandContext(global)
            let names = try files.isEmpty ? [TopologyCommand.file(context)] : files
            var verdicts: [Verdict] = []
            var text = ""
            for name in names {
                do throws(TopologyError) {
                    let count = try Fleet.load(name).hosts.count
                    verdicts.append(Verdict(file: name, valid: true, hosts: count))
                    text += "\(name): valid, \(count) \(count == 1 ? "host" : "hosts")\n"
                } catch {
                    verdicts.append(Verdict(file: name, valid: false, hosts: nil))
                    context.tell(TopologyCommand.described(error))
                }
            }
            switch context.output {
            case .json, .yaml: try StandardOutput.write(DocumentText.render(verdicts, as: context.output))
            case .name: try StandardOutput.write(verdicts.filter(\.valid).map { $0.file + "\n" }.joined())
            case .text, .wide: try StandardOutput.write(text)
            }
            guard verdicts.allSatisfy(\.valid) else { throw Finish(code: .configuration) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a topology with its ranges expanded and its defaults applied.")

        @Argument(help: .init("The file; none: the one in use.", valueName: "file"))
        var file: String?

        @OptionGroup var table: TableOptions
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global)
            let fleet = try TopologyCommand.load(file ?? TopologyCommand.file(context))
            switch context.output {
            case .json, .yaml: try StandardOutput.write(DocumentText.render(fleet, as: context.output))
            case .name: try StandardOutput.write(fleet.hosts.map { $0.name + "\n" }.joined())
            case .text, .wide:
                var hosts = Table(
                    FleetTable.columns.enumerated().map { .init($1.lowercased(), isWideOnly: $0 >= 9) })
                FleetTable.rows(of: fleet).forEach { hosts.add($0) }
                try StandardOutput.write(hosts.render(table.table(for: context.output)))
            }
        }
    }

    static func load(_ file: String) throws(KVMCloneError) -> Fleet {
        do throws(TopologyError) { return try Fleet.load(file) } catch { throw described(error) }
    }

    static func file(_ context: CommandContext) throws(KVMCloneError) -> String {
        guard let file = context.configuration.text(.topology) else {
            throw KVMCloneError(
                .validation, "no topology file is named", whatToDo: "name one, or use --topology", field: "topology")
        }
        return file
    }

    private static func described(_ error: TopologyError) -> KVMCloneError {
        KVMCloneError(
            .configuration, "the topology is not valid", cause: error.description, whatToDo: "correct the file",
            field: error.file ?? "topology")
    }
}
