/// Parts of domain XMLs, from the files in `Fixtures/fragments`, separated there by lines of `---`.
struct Fragments {
    static let all = try? Fragments()

    let heads, memories, vcpus, sysinfo, machines, features, cpus, tunings, tails, unknown, qemu: [String]
    let disks, media, interfaces, characterDevices, displays, others: [String]

    init() throws {
        func list(_ name: String) throws -> [String] {
            try Fixtures.text("fragments/\(name).txt").split(separator: "---\n", omittingEmptySubsequences: false)
                .map { $0.hasSuffix("\n") ? String($0.dropLast()) : String($0) }
        }
        heads = try list("heads")
        memories = try list("memories")
        vcpus = try list("vcpus")
        sysinfo = try list("sysinfo")
        machines = try list("machines")
        features = try list("features")
        cpus = try list("cpus")
        tunings = try list("tunings")
        tails = try list("tails")
        unknown = try list("unknown")
        qemu = try list("qemu")
        disks = try list("disks")
        media = try list("media")
        interfaces = try list("interfaces")
        characterDevices = try list("character-devices")
        displays = try list("displays")
        others = try list("others")
    }
}

/// White space and prolog of a document.
struct Layout {
    var prolog = ""
    var separator = "\n"
    var unit = "  "
    var end = "\n"

    static let all = [
        Layout(), Layout(prolog: "<?xml version='1.0' encoding='UTF-8'?>\n"), Layout(unit: "\t"),
        Layout(separator: "", end: ""), Layout(prolog: "<!-- kept by hand -->\n", end: "\n\n"),
        Layout(prolog: "<?xml version=\"1.0\"?>\n<!-- two\n     lines -->\n"), Layout(separator: "\r\n"),
        Layout(prolog: "<?xml version=\"1.0\" standalone=\"yes\"?>", end: ""),
    ]

    func indent(_ part: String) -> String {
        guard !part.isEmpty else { return "" }
        let lines = part.split(separator: "\n")
        guard !separator.isEmpty else { return lines.map { $0.drop { $0 == " " } }.joined() }
        return lines.map { separator + unit + $0 }.joined()
    }
}
