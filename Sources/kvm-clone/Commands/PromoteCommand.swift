import ArgumentParser
import Interface
import KVMClone
import Model

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Define a replica as the VM that it is a replica of.",
        discussion: """
            It gets the VM's name, uuid and MAC addresses, and only while the host that it comes from answers and has no \
            such VM. Where the VM may still be alive, --new-identity makes the replica a VM of its own. It isn't started.
            """)

    @Argument(help: "The host that the replica is on.")
    var host: String

    @Argument(help: .init("The replica.", valueName: "VM"))
    var replica: String

    @Flag(help: "Make it a VM of its own: with a new uuid and new MAC addresses.")
    var newIdentity = false

    @Option(name: .shortAndLong, help: .init("The name of the VM of its own.", valueName: "name"))
    var newName: String?

    @OptionGroup var ssh: SSHOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global, flags: ssh.flags)
        try CopyOperands.checkHost(host, field: "host")
        try Validation.vm(replica)
        let request = PromotionRequest(host: host, replica: replica, newIdentity: newIdentity, newName: newName)
        let presentation = CopyPresentation(kind: .promote, id: OperationID(), context: context)
        let result = try await context.withClient { client in
            try await presentation.follow(client) { onEvent in
                try await client.promote(request, id: presentation.id, onEvent: onEvent)
            }
        }
        try await presentation.show(result)
    }
}
