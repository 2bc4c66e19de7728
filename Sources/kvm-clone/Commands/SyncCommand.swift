import ArgumentParser
import Interface
import KVMClone
import Model

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Make replicas of a VM on other hosts, or bring them to its present state.",
        usage: "kvm-clone sync [<options>] SRC DST[,DST...] VM",
        discussion: """
            A replica has its origin's name, uuid and MAC addresses, and is not defined in libvirt, so that nothing can \
            start it before `promote` defines it. The first sync copies everything; each later one compares the replica \
            with the VM and sends what differs. Until the new state is complete and verified the replica has the old one. \
            The VM may run.
            """)

    @Argument(help: .init("Source host, target hosts and VM.", valueName: "SRC DST VM"))
    var operands: [String] = []

    @Option(help: .init("The replica's name; the VM's own unless given.", valueName: "name"))
    var targetName: String?

    @Flag(
        help:
            "Keep a checkpoint on the running VM: the next sync reads only what was written since. Its qcow2 disks get a dirty bitmap; older libvirt makes no snapshots of it meanwhile."
    )
    var checkpoint = false

    @Flag(help: "Only onto replicas that are there: nothing is copied whole.")
    var deltaOnly = false

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
        if let targetName { try Validation.vm(targetName) }
        var options = try transfer.cloneOptions(configuration)
        options.newName = targetName
        options.deltaOnly = deltaOnly
        options.checkpoint = checkpoint
        return CloneRequest(
            kind: .sync, vm: operands.vm, source: operands.source, targets: operands.targets, options: options)
    }
}
