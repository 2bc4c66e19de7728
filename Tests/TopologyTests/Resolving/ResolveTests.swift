import Foundation
import Model
import Testing
import YAML

@testable import Topology

@Suite("Naming hosts on the command line")
struct ResolveTests {
    private let fleet: Fleet

    init() throws {
        fleet = try parse(
            head + """
                defaults: { ssh_user: root }
                hosts:
                  kvm[1:3]: { pools: { vms: /srv/vms } }
                  local: { address: 10.0.0.9 }
                """)
    }

    @Test("a host of the file comes first, whatever else the name could mean")
    func fileFirst() throws {
        #expect(try fleet.resolve("kvm2") == fleet.hosts[1])
        #expect(try fleet.resolve("local").address == "10.0.0.9")
    }

    @Test("other names are left to ssh, without the file's defaults")
    func plainNames() throws {
        let host = try fleet.resolve("elsewhere")
        #expect(host == ResolvedHost(name: "elsewhere"))
        let other = try fleet.resolve("ops@10.0.0.5")
        #expect(other.name == "ops@10.0.0.5")
        #expect(other.address == "10.0.0.5")
        #expect(other.ssh == .init(user: "ops"))
    }

    @Test(
        "this machine by word or by URI",
        arguments: [
            ("localhost", "qemu:///system"), ("test:///default", "test:///default"),
            ("qemu:///session", "qemu:///session"),
            ("test+unix:///default?socket=/run/s", "test+unix:///default?socket=/run/s"),
        ])
    func thisMachine(argument: String, uri: String) throws {
        let host = try fleet.resolve(argument)
        #expect(host.connection == .local)
        #expect(host.uri == uri)
        #expect(host.name == argument)
    }

    @Test(
        "remote URIs are refused with the way to go",
        arguments: [
            ("qemu+ssh://root@kvm7/system", "'kvm7'"), ("qemu+tcp:///system", "'HOST'"),
            ("qemu://kvm7/system", "'kvm7'"),
        ])
    func remote(argument: String, name: String) {
        let error = #expect(throws: InvalidValue.self) { try fleet.resolve(argument) }
        #expect(error?.message.contains("name the host itself (\(name))") == true)
    }

    @Test(
        "names that no host can have are refused",
        arguments: ["", "a b", "-oProxyCommand=x", "a@b@c", "-x@a", "@a", "a@", "all", "kvm[1:3]"])
    func bad(argument: String) { #expect(throws: InvalidValue.self) { try fleet.resolve(argument) } }

    @Test("a bad name that is near a host of the file says which")
    func hint() {
        #expect(throws: InvalidValue("'kvm_2' is neither a host name nor an IP address (did you mean 'kvm2'?)")) {
            try fleet.resolve("kvm_2")
        }
    }

    @Test("lists have commas and ranges, and name each host once")
    func lists() throws {
        #expect(try fleet.resolve(list: "kvm[2:3],web,kvm2").map(\.name) == ["kvm2", "kvm3", "web"])
    }

    @Test("lists with gaps, or for too many hosts, are refused", arguments: ["", "a,,b", "a,", "h[0:999999999]"])
    func badLists(list: String) { #expect(throws: InvalidValue.self) { try fleet.resolve(list: list) } }

    @Test("no file is needed")
    func adHoc() throws {
        let fleet = try Fleet.adHoc(["a", "b", "a", "localhost"])
        #expect(fleet.hosts.map(\.name) == ["a", "b", "localhost"])
        #expect(fleet.hosts.map(\.connection) == [.auto, .auto, .local])
        #expect(throws: InvalidValue.self) { try Fleet.adHoc(["a b"]) }
    }

    @Test("a fleet survives JSON, with its links and timetables")
    func codable() throws {
        let fleet = try parse(
            head + """
                sites: { a: , b: }
                links: [{ between: [a, b], timetable: "08:00,1M 09:00,off" }]
                hosts: { h: { data_ports: 1-2, labels: { x: y } } }
                """)
        let data = try JSONEncoder().encode(fleet)
        let decoded = try JSONDecoder().decode(Fleet.self, from: data)
        #expect(decoded == fleet)
        #expect(decoded.host(named: "h") == fleet.hosts[0])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([PortRange].self, from: Data(#"["2-1"]"#.utf8)) }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Timetable].self, from: Data(#"["x"]"#.utf8)) }
    }

    @Test("the table has a cell for each column, and says what isn't known")
    func table() throws {
        let fleet = try parse(
            head + """
                hosts:
                  a: { address: "fd00::1", ssh_port: 22, ssh_user: u, uplink: 50M, pools: { vms: /srv/vms } }
                  b: { connection: local, uri: "test:///default" }
                """)
        let rows = FleetTable.rows(of: fleet)
        #expect(rows.allSatisfy { $0.count == FleetTable.columns.count })
        #expect(
            rows == [
                [
                    "a", "-", "auto", "u@[fd00::1]:22", "-", "qemu:///system", "vms=/srv/vms", "50M/s", "-", "-",
                    "none", "49152-49215",
                ],
                ["b", "-", "local", "-", "-", "test:///default", "default", "-", "-", "-", "none", "49152-49215"],
            ])
    }
}
