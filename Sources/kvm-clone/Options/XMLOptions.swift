import ArgumentParser

struct XMLOptions: ParsableArguments {
    @Flag(name: .customLong("print-xml"), help: "Print the copies' domain XML and change nothing.")
    var printXML = false

    @Option(
        name: .customLong("original-xml"),
        help: .init("Rewrite this domain XML, without any host; needs --print-xml.", valueName: "file"))
    var originalXML: String?

    @Option(help: .init("The new UUID, with --original-xml.", valueName: "uuid"))
    var uuid: String?

    @Option(name: .customLong("disk"), help: .init("A disk's new path, with --original-xml.", valueName: "target=path"))
    var disks: [String] = []

    @Option(
        name: .customLong("mac"),
        help: .init(
            "An interface's new MAC, with --original-xml; named by its number from 0, its MAC or its device.",
            valueName: "target=mac"))
    var macs: [String] = []
}
