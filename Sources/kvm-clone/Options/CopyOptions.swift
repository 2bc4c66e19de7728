import ArgumentParser
import Model

/// What `clone` and `replicate` share.
struct CopyOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: .init("The copy's name.", valueName: "name"))
    var newName: String?

    @Flag(name: .shortAndLong, help: "Replace a VM of that name on the target, once the new copy is complete.")
    var force = false

    @Flag(name: .customLong("preserve-mac"), help: "Keep the network interfaces' MAC addresses.")
    var preserveMAC = false

    @Option(help: "Copy the image file as it is (container) or what the guest reads (guest).")
    var view = CloneOptions.View.container

    @Flag(help: "Merge backing chains into one image.")
    var flatten = false

    @Flag(help: "Copy CD-ROM and floppy images as well.")
    var copyMedia = false

    @OptionGroup var transfer: TransferOptions
}

extension CloneOptions.View: ExpressibleByArgument {}
