import ArgumentParser
import Interface
import KVMClone
import Model

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show where copies of a VM differ from it, and how much.",
        usage: "kvm-clone diff [<options>] SRC DST[,DST...] VM",
        discussion: """
            Disks are compared as their guests read them, whatever their format, and whoever made the copies. Nothing is \
            written. The copies must be shut off; the VM may run. Ends with 0 when all are the same, with 1 when one \
            differs.
            """)

    @Argument(help: .init("Source host, hosts of the copies and VM.", valueName: "SRC DST VM"))
    var operands: [String] = []

    @OptionGroup var compare: CompareOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        try await CompareRun(kind: .diff, operands: operands, compare: compare, global: global).run()
    }
}

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare copies of a VM with it, all of every disk.",
        usage: "kvm-clone verify [<options>] SRC DST[,DST...] VM",
        discussion: """
            Each copy's verdict is matched, differed, or not performed. Ends with 0 when all match, with 1 when one \
            differs, and with another code when a comparison could not be performed.
            """)

    @Argument(help: .init("Source host, hosts of the copies and VM.", valueName: "SRC DST VM"))
    var operands: [String] = []

    @Flag(help: "Make copies that differ equal, as sync does, and compare them again.")
    var repair = false

    @OptionGroup var compare: CompareOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        try await CompareRun(
            kind: .verify, operands: operands, compare: compare, global: global, repairs: repair
        ).run()
    }
}

/// What `diff` and `verify` share.
struct CompareOptions: ParsableArguments {
    @Option(help: .init("The copies' name; the VM's own unless given.", valueName: "name"))
    var targetName: String?

    @Option(help: "How a running VM's disks are held at one instant: agent, crash, or off, which compares none.")
    var consistency = CloneOptions.Consistency.agent

    @Option(help: .init("Give up after so many seconds without progress, 1-86400.", valueName: "seconds"))
    var timeout: String?

    @OptionGroup var ssh: SSHOptions
}

/// One run of `diff` or `verify`.
struct CompareRun {
    var kind: OperationKind
    var operands: [String]
    var compare: CompareOptions
    var global: GlobalOptions
    var repairs = false

    func run() async throws {
        let context = try CommandContext(global, flags: compare.ssh.flags)
        let request = try request()
        let result = try await context.withClient { client in
            let found = try await perform(request, client, context)
            return repairs ? try await repaired(found, request, client, context) : found
        }
        // On a terminal the view's last lines come before the result.
        await context.console.flushed()
        switch context.output {
        case .json, .yaml:
            try StandardOutput.write(DocumentText.render(ComparisonDocument(result), as: context.output))
        case .name:
            let same = result.copies.filter { $0.verdict == .matched }
            try StandardOutput.write(same.map { "\($0.host)/\($0.name)\n" }.joined())
        case .text, .wide:
            try StandardOutput.write(ComparisonText.render(result, isWide: context.output == .wide))
        }
        for copy in result.copies {
            if let error = copy.error { context.tell(error, operation: result.id) }
        }
        guard result.exitCode == .ok else { throw Finish(code: result.exitCode) }
    }

    private func perform(
        _ request: CloneRequest, _ client: Client, _ context: CommandContext
    ) async throws -> VMComparison {
        let presentation = CopyPresentation(kind: kind, id: OperationID(), context: context)
        return try await presentation.follow(client) { onEvent in
            try await client.compare(request, id: presentation.id, onEvent: onEvent)
        }
    }

    /// Mends the copies that differ, and compares them again: what they are then is what is told.
    private func repaired(
        _ found: VMComparison, _ request: CloneRequest, _ client: Client, _ context: CommandContext
    ) async throws -> VMComparison {
        var request = request
        request.targets = found.copies.filter { $0.verdict == .differed }.map(\.host)
        guard !request.targets.isEmpty else { return found }
        var mending = request
        mending.kind = .sync
        mending.options.repairs = true
        let presentation = CopyPresentation(kind: .sync, id: OperationID(), context: context)
        let mended = try await presentation.follow(client) { [mending] onEvent in
            try await client.run(mending, id: presentation.id, onEvent: onEvent)
        }
        for target in mended.targets {
            if let error = target.error { context.tell(error.on(target.host), operation: mended.id) }
        }
        var result = try await perform(request, client, context)
        result.copies = found.copies.map { copy in result.copies.first { $0.host == copy.host } ?? copy }
        return result
    }

    func request() throws(KVMCloneError) -> CloneRequest {
        let operands = try CopyOperands(operands)
        var options = CloneOptions()
        if let name = compare.targetName { try Validation.vm(name) }
        options.newName = compare.targetName
        options.consistency = compare.consistency
        if let timeout = compare.timeout { options.stallTimeout = try Rules.seconds(timeout, field: "timeout") }
        return CloneRequest(
            kind: kind, vm: operands.vm, source: operands.source, targets: operands.targets, options: options)
    }
}
