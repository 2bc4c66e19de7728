import ArgumentParser
import Interface
import KVMClone
import Model
import Topology

extension TopologyCommand {
    struct Graph: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw a topology as SVG, and with a dry run's plan how the data travels.",
            usage: """
                kvm-clone topology graph [<options>] [<file>]
                kvm-clone replicate SRC DST[,DST...] VM --dry-run -o json | kvm-clone topology graph --plan -
                """)

        @Argument(help: .init("The file; none: the one in use.", valueName: "file"))
        var file: String?

        @Option(
            help: .init("Draw this plan too: what `--dry-run -o json` printed; - is standard input.", valueName: "file")
        )
        var plan: String?

        @Option(help: .init("Write to this file, and not to standard output.", valueName: "file"))
        var out: String?

        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            guard global.output == nil else {
                throw KVMCloneError(
                    .validation, "topology graph prints SVG, whatever --output says",
                    whatToDo: "leave --output out; --out names a file to write to", field: "output")
            }
            let context = try CommandContext(global)
            let fleet = try TopologyCommand.load(file ?? TopologyCommand.file(context))
            let distribution = try plan.map(PlanFile.read)
            let drawing = NetworkDrawing.svg(try FleetPicture.make(fleet, distribution))
            if let out {
                try OutputFile.write(drawing, to: out, field: "out")
            } else {
                try StandardOutput.write(drawing)
            }
        }
    }
}
