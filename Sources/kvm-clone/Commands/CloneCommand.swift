import ArgumentParser
import Model

struct CloneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clone", abstract: "Make an independent copy of a VM on another host.",
        usage: """
            kvm-clone clone [<options>] SRC DST[,DST...] VM
            kvm-clone clone --original-xml FILE --print-xml [--new-name NAME] [--uuid UUID] [--disk TARGET=PATH] \
            [--mac TARGET=MAC]
            """,
        discussion: "The copy is called VM_clone unless --new-name says otherwise.")

    @Argument(help: .init("Source host, target hosts and VM.", valueName: "SRC DST VM"))
    var operands: [String] = []

    @OptionGroup var copy: CopyOptions
    @OptionGroup(title: "Domain XML") var xml: XMLOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        try await CopyRun(kind: .clone, operands: operands, copy: copy, xml: xml, global: global).run()
    }
}

struct ReplicateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicate", abstract: "Make an independent copy of a VM on each of many hosts, at once.",
        usage: "kvm-clone replicate [<options>] SRC DST[,DST...] VM",
        discussion: "The copies keep the VM's name unless --new-name says otherwise. The source is read once.")

    @Argument(help: .init("Source host, target hosts and VM.", valueName: "SRC DST VM"))
    var operands: [String] = []

    @OptionGroup var copy: CopyOptions
    @OptionGroup(title: "Domain XML") var xml: XMLOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        try await CopyRun(kind: .replicate, operands: operands, copy: copy, xml: xml, global: global).run()
    }
}
