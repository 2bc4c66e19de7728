import Testing
import YAML

@testable import Topology

/// Parses with a fixed home and folder.
func parse(_ text: String) throws(TopologyError) -> Fleet {
    try Fleet.parse(text, file: "t.yaml", folder: "/etc/fleet", home: "/home/me")
}

/// The head that every valid file has.
let head = "apiVersion: kvm-clone/v1\nname: t\n"

@Suite("Reading a fleet")
struct FleetTests {
    @Test("a host's own settings win over the defaults, and those over the program's")
    func precedence() throws {
        let fleet = try parse(
            head + """
                defaults: { ssh_user: root, ssh_key: ~/.ssh/id, known_hosts: ./kh, ssh_port: 2200, become: sudo, pool: vms }
                hosts:
                  a: { ssh_user: me, ssh_key: /k, pool: fast, pools: { fast: /srv/fast, vms: /srv/vms } }
                  b:
                """)
        let a = try #require(fleet.host(named: "a"))
        #expect(a.ssh == .init(user: "me", key: "/k", port: 2200, knownHosts: "/etc/fleet/kh"))
        #expect(a.poolPath == "/srv/fast")
        let b = try #require(fleet.host(named: "b"))
        #expect(b.ssh == .init(user: "root", key: "/home/me/.ssh/id", port: 2200, knownHosts: "/etc/fleet/kh"))
        #expect(b.become == .sudo)
        #expect(b.pool == "vms")
        #expect(b.poolPath == nil)
        #expect(b.uri == "qemu:///system")
        #expect(b.connection == .auto)
        #expect(b.address == "b")
        #expect(b.dataPorts == PortRange(49152...49215))
        #expect(b.declaredAt == YAMLMark(line: 6, column: 3))
    }

    @Test("every key of a host arrives")
    func everyKey() throws {
        let fleet = try parse(
            head + """
                sites: { hq: {} }
                hosts:
                  a:
                    site: hq
                    address: 10.0.0.1
                    transfer_address: "fd00::1"
                    uplink: 120M
                    downlink: 1048576
                    inbound: 1G
                    connection: libssh2
                    uri: xen:///
                    pools: { p: /srv/p }
                    ssh_user: u
                    ssh_key: k
                    ssh_port: 22
                    known_hosts: ~/kh
                    become: none
                    data_ports: 50000-50009
                    agent_dir: /opt/agent
                    labels: { rack: r1 }
                """)
        var expected = ResolvedHost(name: "a", address: "10.0.0.1")
        expected.site = "hq"
        expected.transferAddress = "fd00::1"
        expected.uplink = 120 << 20
        expected.downlink = 1 << 20
        expected.inboundCap = 1 << 30
        expected.connection = .libssh2
        expected.uri = "xen:///"
        expected.pools = ["p": "/srv/p"]
        expected.pool = "p"
        expected.ssh = .init(user: "u", key: "/etc/fleet/k", port: 22, knownHosts: "/home/me/kh")
        expected.dataPorts = PortRange(50000...50009)
        expected.agentDirectory = "/opt/agent"
        expected.labels = ["rack": "r1"]
        expected.declaredAt = YAMLMark(line: 5, column: 3)
        #expect(fleet.hosts == [expected])
    }

    @Test("a range stands for its hosts, with an address each")
    func ranges() throws {
        let fleet = try parse(head + "hosts: { 'n[08:10].x': { address: '10.0.0.[8:10]' }, m: { address: z } }")
        #expect(fleet.hosts.map(\.name) == ["n08.x", "n09.x", "n10.x", "m"])
        #expect(fleet.hosts.map(\.address) == ["10.0.0.8", "10.0.0.9", "10.0.0.10", "z"])
    }

    @Test("a local host takes nothing of SSH from the defaults")
    func local() throws {
        let fleet = try parse(head + "defaults: { ssh_user: root, ssh_port: 22 }\nhosts: { a: { connection: local } }")
        #expect(fleet.hosts[0].ssh == ResolvedHost.SSH())
    }

    @Test("links are found from both ends, and bound by the least of capacity and limit")
    func links() throws {
        let fleet = try parse(
            head + """
                sites: { a: , b: {}, c: {} }
                links:
                  - { between: [a, b], capacity: 50M, limit: 10M }
                  - { between: [c, b], capacity: 50M, timetable: "08:00,20M 19:00,off" }
                hosts: { h: {} }
                """)
        #expect(fleet.sites == ["a", "b", "c"])
        #expect(fleet.link(between: "b", and: "a")?.allowance(at: 0) == 10 << 20)
        let link = try #require(fleet.link(between: "b", and: "c"))
        #expect(link.allowance(at: 600) == 20 << 20)
        #expect(link.allowance(at: 0) == 50 << 20)
        #expect(fleet.link(between: "a", and: "c") == nil)
    }

    @Test("10,000 hosts are taken")
    func many() throws {
        let fleet = try parse(head + "hosts: { 'h[1:10000]': {} }")
        #expect(fleet.hosts.count == 10_000)
        #expect(fleet.host(named: "h10000")?.address == "h10000")
    }
}
