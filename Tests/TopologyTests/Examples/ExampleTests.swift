import Testing
import YAML

@testable import Topology

/// The shipped files, found from this source file.
enum Shipped {
    static let folder = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" } + "/topologies"
    static let examples = ["pair", "lab", "two-sites", "hub", "embedded", "mixed", "large"]

    static func schema() throws -> SchemaValidator {
        SchemaValidator(try YAMLLoader.load(contentsOf: "\(folder)/schema.json"))
    }
}

@Suite("The shipped topologies and their schema")
struct ExampleTests {
    @Test("every example loads, and has the schema's shape", arguments: Shipped.examples)
    func loads(name: String) throws {
        let path = "\(Shipped.folder)/\(name).yaml"
        let fleet = try Fleet.load(path, home: "/home/me")
        #expect(!fleet.hosts.isEmpty)
        #expect(fleet.file == path)
        #expect(try Shipped.schema().accepts(try YAMLLoader.load(contentsOf: path)))
    }

    @Test("what the examples say arrives")
    func contents() throws {
        let lab = try Fleet.load("\(Shipped.folder)/lab.yaml")
        #expect(lab.hosts.map(\.address) == (1...4).map { "10.77.0.\($0)" })
        #expect(lab.hosts[0].ssh.key == "\(Shipped.folder)/keys/id_ed25519")
        let mixed = try Fleet.load("\(Shipped.folder)/mixed.yaml", home: "/home/me")
        #expect(mixed.hosts.count == 15)
        #expect(mixed.host(named: "legacy")?.poolPath == "/srv/hdd")
        #expect(mixed.host(named: "legacy")?.ssh.key == "/home/me/.ssh/legacy_rsa")
        #expect(mixed.host(named: "node12.colo.example.net")?.transferAddress == "10.20.0.112")
        let large = try Fleet.load("\(Shipped.folder)/large.yaml")
        #expect(large.hosts.count == 64)
        #expect(large.links.count == 4)
        let two = try Fleet.load("\(Shipped.folder)/two-sites.yaml")
        #expect(two.link(between: "dc2", and: "hq")?.allowance(at: 9 * 60) == 10 << 20)
    }

    @Test(
        "loader and schema refuse the same shapes",
        arguments: [
            "{}", "[]", "apiVersion: v2\nname: t\nhosts: { h: }", "apiVersion: kvm-clone/v1\nhosts: { h: }",
            "apiVersion: kvm-clone/v1\nname: 1\nhosts: { h: }", "apiVersion: kvm-clone/v1\nname: t",
            head + "hosts: {}", head + "hosts: [a]", head + "hosts: { a_b: {} }", head + "hosts: { 'a[1:2][1:2]': {} }",
            head + "hosts: { h: [] }", head + "hosts: { h: { colour: red } }", head + "extra: 1\nhosts: { h: }",
            head + "hosts: { h: { ssh_port: 70000 } }", head + "hosts: { h: { ssh_port: '22' } }",
            head + "hosts: { h: { uplink: 50MB } }", head + "hosts: { h: { uplink: 0 } }",
            head + "hosts: { h: { uplink: 0K } }", head + "hosts: { h: { connection: telnet } }",
            head + "hosts: { h: { become: true } }", head + "hosts: { h: { pools: { p: srv } } }",
            head + "hosts: { h: { pools: { p: /srv/../x } } }", head + "hosts: { h: { pools: { p: /srv/ } } }",
            head + "hosts: { h: { pools: { 'a b': /srv } } }", head + "hosts: { h: { uri: /x } }",
            head + "hosts: { h: { ssh_user: -x } }", head + "hosts: { h: { ssh_key: ~x/y } }",
            head + "hosts: { h: { address: 'a b' } }", head + "hosts: { h: { data_ports: 5 } }",
            head + "hosts: { h: { labels: { x: 1 } } }", head + "hosts: { h: { connection: local, address: x } }",
            head + "hosts: { h: { site: } }", head + "defaults: { address: x }\nhosts: { h: }",
            head + "sites: [a]\nhosts: { h: }", head + "sites: { a: { b: } }\nhosts: { h: }",
            head + "sites: { a: , b: }\nlinks: [{ between: [a] }]\nhosts: { h: }",
            head + "sites: { a: , b: }\nlinks: [{ between: [a, a] }]\nhosts: { h: }",
            head + "sites: { a: , b: }\nlinks: [{ between: [a, b], limit: 1M, timetable: 1M }]\nhosts: { h: }",
            head + "sites: { a: , b: }\nlinks: [{ between: [a, b], timetable: '8:00,1M' }]\nhosts: { h: }",
            head + "sites: { a: , b: }\nlinks: [{ between: [a, b], timetable: 'Day-08:00,1M' }]\nhosts: { h: }",
            head + "sites: { a: , b: }\nlinks: [{ capacity: 1M }]\nhosts: { h: }",
        ])
    func bothRefuse(text: String) throws {
        #expect(throws: TopologyError.self) { try parse(text) }
        #expect(try !Shipped.schema().accepts(try YAMLLoader.load(text)))
    }

    @Test(
        "loader and schema take the same shapes",
        arguments: [
            head + "hosts: { h: , 'fd00::1': {}, 10.0.0.1: , '[1:3].x': }",
            head
                + "defaults:\nsites: { a: }\nlinks: []\nhosts: { h: { uplink: 1, downlink: 1k, data_ports: 1-65535 } }",
            head
                + "sites: { a: , b: }\nlinks: [{ between: [a, b], timetable: off }]\nhosts: { h: { labels: {}, pools: {} } }",
            head
                + "sites: { a: , b: }\nlinks: [{ between: [a, b], timetable: 'Mon-08:00,1M fri-19:00,off' }]\nhosts: { h: }",
        ])
    func bothTake(text: String) throws {
        #expect(throws: Never.self) { try parse(text) }
        #expect(try Shipped.schema().accepts(try YAMLLoader.load(text)))
    }

    @Test("loader and schema know the same keys")
    func keys() throws {
        let schema = try YAMLLoader.load(contentsOf: "\(Shipped.folder)/schema.json").mapping()
        func keys(_ object: YAMLNode?) throws -> Set<String> {
            Set(try #require(object).mapping().required("properties").mapping().entries.map(\.key))
        }
        #expect(try keys(schema["definitions"]?.mapping()["host"]) == Set(HostReader.keys))
        #expect(try keys(schema["properties"]?.mapping()["defaults"]) == Set(HostSettings.keys))
    }
}
