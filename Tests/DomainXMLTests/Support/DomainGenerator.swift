import DomainXML
import Testing

/// Composes domain XMLs from fragments as libvirt, virt-install and people write them.
///
/// The same number always gives the same text. Each fragment is taken in turn, others by seeded chance, so that 200 of
/// them cover all.
struct DomainGenerator {
    static let count = 200
    /// Empty when the fragments can't be read; a test of the count notices.
    static let all: [GeneratedDomain] = {
        guard let fragments = Fragments.all else { return [] }
        return (0..<count).map { number in
            var generator = DomainGenerator(number: number, fragments: fragments)
            return GeneratedDomain(number: number, xml: generator.xml())
        }
    }()

    private static let names = [
        "web01", "db_primary", "win2022", "k8s-node", "fw.edge", "büro-server", "VM with space", "a", "R&D", "qemu",
    ]

    private let number: Int
    private let fragments: Fragments
    private let name: String
    private let uuid: String
    private var random: SeededGenerator

    private init(number: Int, fragments: Fragments) {
        self.number = number
        self.fragments = fragments
        random = SeededGenerator(seed: UInt64(number))
        uuid = Self.uuid(using: &random)
        let base = Self.names[number % Self.names.count] + (number % 3 == 0 ? "" : "-\(number)")
        name = base.split(separator: "&", omittingEmptySubsequences: false).joined(separator: "&amp;")
    }

    private mutating func xml() -> String {
        var parts = ["<name>\(name)</name>"]
        if number % 17 != 16 { parts.append("<uuid>\(uuidNotation)</uuid>") }
        if number % 4 == 1 { parts.append("<genid>\(Self.uuid(using: &random))</genid>") }
        parts += some(fragments.heads, most: 2)
        parts += [turn(fragments.memories), turn(fragments.vcpus)]
        if number % 5 == 2 { parts.append(turn(fragments.sysinfo)) }
        parts += [turn(fragments.machines), turn(fragments.features), turn(fragments.cpus)]
        parts += some(fragments.tunings, most: 2)
        parts.append(devices())
        parts += some(fragments.tails, most: 2)
        if number % 8 == 3 { parts.append(any(fragments.unknown)) }
        let layout = Layout.all[number % Layout.all.count]
        let hasOptions = number % 3 != 1
        if hasOptions { parts.append(turn(fragments.qemu)) }
        let namespace = hasOptions ? " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'" : ""
        let opening = "<domain type='\(number % 2 == 0 ? "kvm" : "qemu")'\(namespace)>"
        let body = parts.map { layout.indent(fill($0)) }.joined()
        return layout.prolog + opening + body + layout.separator + "</domain>" + layout.end
    }

    private mutating func devices() -> String {
        var parts = ["<emulator>/usr/bin/qemu-system-x86_64</emulator>"]
        for (index, target) in ["vda", "vdb", "vdc", "vdd"].prefix(Int.random(in: 1...4, using: &random)).enumerated() {
            parts.append(fill(index == 0 ? turn(fragments.disks) : any(fragments.disks), target: target))
        }
        parts += some(fragments.media, most: 1)
        for index in 0..<Int.random(in: 0...3, using: &random) {
            parts.append(fill(index == 0 ? turn(fragments.interfaces) : any(fragments.interfaces)))
        }
        parts += some(fragments.characterDevices, most: 3)
        parts += some(fragments.displays, most: 1)
        parts += some(fragments.others, most: 4)
        let lines = parts.flatMap { $0.split(separator: "\n") }.map { "  \($0)\n" }
        return "<devices>\n\(lines.joined())</devices>"
    }

    private mutating func fill(_ fragment: String, target: String = "vda") -> String {
        let mac = MACAddress.random(using: &random).description
        let values = [
            "@NAME@": name, "@TARGET@": target, "@MAC@": mac, "@MAC-UPPER@": mac.uppercased(), "@UUID@": uuidNotation,
        ]
        return values.reduce(fragment) { text, value in
            text.split(separator: value.key, omittingEmptySubsequences: false).joined(separator: value.value)
        }
    }

    /// This number's turn of a list.
    private func turn(_ list: [String]) -> String { list[number % list.count] }

    private mutating func any(_ list: [String]) -> String { list[Int.random(in: 0..<list.count, using: &random)] }

    /// This number's turn and up to `most` others, of each element at most one.
    private mutating func some(_ list: [String], most: Int) -> [String] {
        var chosen = [turn(list)]
        for _ in 0..<most {
            let other = any(list)
            if !chosen.contains(where: { Self.element($0) == Self.element(other) }) { chosen.append(other) }
        }
        return chosen
    }

    private static func element(_ fragment: String) -> Substring {
        fragment.prefix { $0 != " " && $0 != ">" && $0 != "/" }
    }

    private var uuidNotation: String {
        switch number % 6 {
        case 4: uuid.uppercased()
        case 5: uuid.filter { $0 != "-" }
        default: uuid
        }
    }

    private static func uuid(using random: inout SeededGenerator) -> String {
        let digits = (0..<32).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { digits[$0].joined() }.joined(separator: "-")
    }
}

/// One generated document, named by its number in test output.
struct GeneratedDomain: Sendable, CustomTestStringConvertible {
    let number: Int
    let xml: String
    var testDescription: String { "domain \(number)" }
}
