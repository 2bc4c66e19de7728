import ArgumentParser
import Interface
import KVMClone
import Model

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Move a VM to another host.",
        usage: "kvm-clone migrate [<options>] SRC DST VM",
        discussion: """
            The VM keeps its name, uuid and MAC addresses. One that runs moves live: it goes on while its memory and disks \
            move, encrypted, without any set-up between the hosts. Seeded, its disks are copied first while it goes on with overlays \
            on them: that may be interrupted and gone on with, and only the overlays move live. Warm it is copied while it runs, until little is left; then \
            it is shut down, the rest is copied, and it starts on the other host; that uses replicas which are there. Cold it \
            is shut down first. Whatever fails before it runs there takes everything back, and it runs where it was. Its old \
            disks stay as a replica, so that a warm way back is a matter of what has changed. What is said of copies \
            (--parallel, --verify, --consistency) is for --warm and --cold.
            """)

    @Argument(help: .init("Source host, target host and VM.", valueName: "SRC DST VM"))
    var operands: [String] = []

    @Flag(help: "Move it while it runs: memory, disks and all.")
    var live = false

    @Flag(
        help:
            "Copy its disks first, which can be interrupted and gone on with, while it runs; then move it live with what it has written since."
    )
    var seeded = false

    @Flag(help: "Copy it while it runs, and shut it down when little is left.")
    var warm = false

    @Flag(help: "Shut it down first, or move one that is shut off.")
    var cold = false

    @Option(
        help: .init(
            "Seconds without the guest: that the last copy of --warm should take at most (default: 10), or that --live may pause it at the end (default: 0.3).",
            valueName: "seconds"))
    var downtime: String?

    @Flag(help: "Live: slow the guest down where it writes faster than its memory moves.")
    var autoConverge = false

    @Flag(
        help:
            "Live: let it go on there before all of its memory is there, if it comes to no end; a break loses it then.")
    var postCopy = false

    @Option(help: .init("Live: pause the guest after so many seconds, until it has moved.", valueName: "seconds"))
    var pauseAfter: String?

    @Flag(help: "Live: from QEMU to QEMU over TCP, which nobody encrypts.")
    var native = false

    @Option(help: .init("Connections for memory with --native.", valueName: "n"))
    var connections: String?

    @Option(help: .init("Seconds that the guest has for shutting down (default: 300).", valueName: "seconds"))
    var shutdownTimeout: String?

    @Flag(help: "Switch a guest off that isn't down by then; else it stays where it is.")
    var forceOff = false

    @OptionGroup var transfer: TransferOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global, flags: transfer.flags)
        let run = RequestRun(request: try request(context.configuration), global: global)
        if transfer.dryRun {
            try await run.showPlan(context)
        } else {
            try await run.perform(context)
        }
    }

    /// The request that the command line and the configuration make.
    func request(_ configuration: Configuration) throws(KVMCloneError) -> CloneRequest {
        let operands = try CopyOperands(operands)
        guard operands.targets.count == 1 else {
            throw KVMCloneError(
                .validation, "a VM moves to one host, not to \(operands.targets.count)", whatToDo: "name one",
                field: "DST")
        }
        let modes = [(live, MigrationMode.live), (seeded, .seeded), (warm, .warm), (cold, .cold)].filter(\.0).map(\.1)
        guard modes.count < 2 else {
            throw KVMCloneError(
                .validation, modes.map { "--\($0.rawValue)" }.joined(separator: " and "),
                whatToDo: "choose one of them",
                field: "--\(modes[0].rawValue)")
        }
        var options = try transfer.cloneOptions(configuration)
        options.migration.mode = modes.first
        options.migration.forcesOff = forceOff
        options.migration.autoConverges = autoConverge
        options.migration.postCopy = postCopy
        options.migration.native = native
        if let downtime { options.migration.downtime = try Self.pause(downtime) }
        if let pauseAfter { options.migration.pauseAfter = try Self.seconds(pauseAfter, "--pause-after") }
        if let connections {
            guard native, let count = Int(connections), (1...16).contains(count) else {
                throw KVMCloneError(
                    .validation, "--connections \(Validation.printable(connections))",
                    whatToDo: "choose 1 to 16, with --native", field: "--connections")
            }
            options.migration.connections = count
        }
        if let shutdownTimeout {
            options.migration.shutdownTimeout = try Self.seconds(shutdownTimeout, "--shutdown-timeout")
        }
        return CloneRequest(
            kind: .migrate, vm: operands.vm, source: operands.source, targets: operands.targets, options: options)
    }

    private static func pause(_ text: String) throws(KVMCloneError) -> Double {
        guard let value = Double(text), (0.001...86400).contains(value) else {
            throw KVMCloneError(
                .invalidTimeout, "'\(Validation.printable(text))' is no number of seconds",
                whatToDo: "choose 0.001 to 86400", field: "--downtime")
        }
        return value
    }

    private static func seconds(_ text: String, _ field: String) throws(KVMCloneError) -> Int {
        guard let value = Int(text), (1...86400).contains(value) else {
            throw KVMCloneError(
                .invalidTimeout, "'\(Validation.printable(text))' is no number of seconds",
                whatToDo: "choose 1 to 86400", field: field)
        }
        return value
    }
}
