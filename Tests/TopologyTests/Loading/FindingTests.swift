import Testing
import YAML

@testable import Topology

/// A faulty file (after `head`, so that its first line is line 3) and its findings as printed.
struct BadFleet: Sendable, CustomTestStringConvertible {
    let title: String
    let text: String
    let findings: [String]

    init(_ title: String, _ text: String, _ findings: String...) {
        self.title = title
        self.text = text
        self.findings = findings
    }

    var testDescription: String { title }
}

@Suite("Findings")
struct FindingTests {
    static let hosts = [
        BadFleet(
            "unknown key", "hosts:\n  a: { adress: x }", "4:8: unknown key 'adress' (did you mean 'address'?)"),
        BadFleet("bad name", "hosts: { a_b: {} }", "3:10: 'a_b' is neither a host name nor an IP address"),
        BadFleet("reserved name", "hosts: { all: {} }", "3:10: 'all' is a reserved word and can't name a host"),
        BadFleet(
            "name like an address", "hosts: { 10.0.0.300: {} }",
            "3:10: '10.0.0.300' isn't an IPv4 address, and a host name can't end in digits only"),
        BadFleet(
            "same host by two ranges", "hosts:\n  k[1:3]: {}\n  k3: {}",
            "5:3: the host 'k3' is declared twice, first at 4:3"),
        BadFleet(
            "same host but for case", "hosts:\n  web: {}\n  WEB: {}",
            "5:3: the host 'WEB' is declared twice, first at 4:3"),
        BadFleet(
            "two ranges", "hosts: { 'a[1:2]b[1:2]': {} }",
            "3:10: 'a[1:2]b[1:2]' has more than one range; only one is allowed"),
        BadFleet("no hosts", "hosts: {}", "3:8: 'hosts' is empty: name at least one host"),
        BadFleet("hosts as a list", "hosts: [a]", "3:8: expected a mapping, found a list"),
        BadFleet("host as a string", "hosts: { a: b }", "3:13: expected a mapping, found the string 'b'"),
        BadFleet(
            "unknown site", "sites: { hq: {} }\nhosts: { a: { site: qh } }", "4:21: unknown site 'qh' (known: hq)"),
        BadFleet("no sites", "hosts: { a: { site: x } }", "3:21: unknown site 'x' (none is declared)"),
        BadFleet(
            "one address for many", "hosts: { 'k[1:3]': { address: 10.0.0.1 } }",
            "3:31: 3 hosts would share one 'address': write a range of the same length, such as 10.0.0.[1:3]"),
        BadFleet(
            "addresses of another count", "hosts: { 'k[1:3]': { transfer_address: 'x[1:2]' } }",
            "3:40: 'transfer_address' stands for 2 addresses, but there are 3 hosts"),
        BadFleet(
            "bad address", "hosts: { a: { address: 'a b' } }",
            "3:24: 'a b' is neither a host name nor an IP address"),
        BadFleet(
            "wildcard", "hosts: { a: { transfer_address: 0.0.0.0 } }",
            "3:33: '0.0.0.0' means any address: name the host's own"),
        BadFleet(
            "IPv6 wildcard", "hosts: { a: { transfer_address: '::' } }",
            "3:33: '::' means any address: name the host's own"),
        BadFleet(
            "multicast", "hosts: { a: { transfer_address: 224.0.0.1 } }",
            "3:33: '224.0.0.1' is a multicast or broadcast address: name the host's own"),
        BadFleet(
            "SSH settings of a local host", "hosts: { a: { connection: local, ssh_port: 22 } }",
            "3:34: 'ssh_port' has no meaning with 'connection: local'"),
        BadFleet(
            "label", "hosts: { a: { labels: { ' x': 'y', z: \"a\\e\" } } }",
            "3:25: ' x' can't be a label: up to 63 letters, digits, '.', '_', '/' or '-', first a letter or digit",
            "3:39: a label's value has at most 255 characters and no control characters"),
    ]

    static let pools = [
        BadFleet("relative pool", "hosts: { a: { pools: { default: srv } } }", "3:33: 'srv' isn't an absolute path"),
        BadFleet(
            "pool that climbs", "hosts: { a: { pools: { default: /srv/../etc } } }",
            "3:33: '/srv/../etc' must not hold '.' or '..'"),
        BadFleet(
            "doubled slash", "hosts: { a: { pools: { default: /srv//x } } }", "3:33: '/srv//x' has a slash too many"),
        BadFleet(
            "trailing slash", "hosts: { a: { pools: { default: /srv/ } } }", "3:33: '/srv/' has a slash too many"),
        BadFleet(
            "root as a pool", "hosts: { a: { pools: { default: / } } }",
            "3:33: '/' is too wide a folder: name one below it"),
        BadFleet(
            "default pool that isn't there", "hosts: { a: { pool: x, pools: { y: /y, z: /z } } }",
            "3:21: the default pool 'x' isn't among this host's pools (y, z): set 'pool' to one of them"),
        BadFleet(
            "default pool of the defaults", "defaults: { pool: x }\nhosts:\n  a: { pools: { y: /y } }",
            "5:3: the default pool 'x' isn't among this host's pools (y): set 'pool' to one of them"),
        BadFleet(
            "two pools and no default", "hosts: { a: { pools: { y: /y, z: /z } } }",
            "3:10: the default pool 'default' isn't among this host's pools (y, z): set 'pool' to one of them"),
    ]

    static let settings = [
        BadFleet("port", "hosts: { a: { ssh_port: 0 } }", "3:25: 0 is out of range (1 to 65535)"),
        BadFleet(
            "port as a string", "hosts: { a: { ssh_port: '22' } }", "3:25: expected an integer, found the string '22'"),
        BadFleet(
            "user like an option", "hosts: { a: { ssh_user: -oX } }",
            "3:25: '-oX' isn't a user name: up to 32 letters, digits, '.', '_' or '-', first a letter or '_'"),
        BadFleet(
            "connection", "hosts: { a: { connection: telnet } }",
            "3:27: 'telnet' isn't one of: auto, libssh2, ssh, local"),
        BadFleet("become", "defaults: { become: su }\nhosts: { a: {} }", "3:21: 'su' isn't one of: none, sudo"),
        BadFleet(
            "URI", "hosts: { a: { uri: /run/libvirt } }",
            "3:20: '/run/libvirt' isn't a libvirt URI, such as qemu:///system"),
        BadFleet(
            "another's home", "hosts: { a: { ssh_key: ~bob/id } }",
            "3:24: '~bob/id': only ~/ is expanded, not another user's home"),
        BadFleet("empty value", "hosts:\n  a:\n    ssh_user:\n", "5:14: expected a string, found nothing"),
        BadFleet(
            "ports reversed", "hosts: { a: { data_ports: 5-4 } }", "3:27: '5-4': the first port is above the last"),
        BadFleet(
            "ports too high", "hosts: { a: { data_ports: 1-65536 } }", "3:27: '1-65536': ports go from 1 to 65535"),
        BadFleet(
            "one port", "hosts: { a: { data_ports: '50000' } }",
            "3:27: '50000' isn't a range of ports: write first-last, such as 49152-49215"),
        BadFleet(
            "rate", "hosts: { a: { uplink: 50MB, downlink: 0 } }",
            "3:23: '50MB' isn't a size: write digits and K, M, G or T, such as 50M",
            "3:39: a rate of 0 would stop everything: leave the key out"),
        BadFleet(
            "defaults can't have an address", "defaults: { address: x }\nhosts: { a: {} }",
            "3:13: unknown key 'address' (known: connection, ssh_user, ssh_key, ssh_port, known_hosts, uri, pool, become, data_ports, agent_dir)"
        ),
        BadFleet(
            "an aliased fault is told once", "hosts: { a: &x { ssh_port: 0 }, b: *x }",
            "3:28: 0 is out of range (1 to 65535)"),
    ]

    static let links = [
        BadFleet(
            "unknown site", "sites: { aa: }\nlinks: [{ between: [aa, bb] }]\nhosts: { h: }",
            "4:25: unknown site 'bb' (known: aa)"),
        BadFleet(
            "self link", "sites: { a: }\nlinks: [{ between: [a, a] }]\nhosts: { h: }",
            "4:20: a link can't join 'a' to itself"),
        BadFleet(
            "same link turned round",
            "sites: { a: , b: }\nlinks:\n  - between: [a, b]\n  - between: [b, a]\nhosts: { h: }",
            "6:14: a second link between 'b' and 'a', first at 5:14"),
        BadFleet(
            "three ends", "sites: { a: }\nlinks: [{ between: [a, a, a] }]\nhosts: { h: }",
            "4:20: a link is between two sites, not 3"),
        BadFleet("no ends", "links: [{ capacity: 1M }]\nhosts: { h: }", "3:9: the key 'between' is missing"),
        BadFleet(
            "limit above capacity",
            "sites: { a: , b: }\nlinks: [{ between: [a, b], capacity: 1M, limit: 2M }]\nhosts: { h: }",
            "4:49: the limit is above the link's capacity"),
        BadFleet(
            "limit and timetable",
            "sites: { a: , b: }\nlinks: [{ between: [a, b], limit: 1M, timetable: '2M' }]\nhosts: { h: }",
            "4:39: a link has 'limit' or 'timetable', not both"),
        BadFleet(
            "timetable", "sites: { a: , b: }\nlinks: [{ between: [a, b], timetable: '24:00,1M' }]\nhosts: { h: }",
            "4:39: '24:00': times go from 00:00 to 23:59"),
        BadFleet("site with keys", "sites: { a: { b: 1 } }\nhosts: { h: }", "3:15: unknown key 'b'"),
        BadFleet(
            "site's name", "sites: { 'a b': }\nhosts: { h: }",
            "3:10: 'a b' can't name a site: up to 64 letters, digits, '.', '_' or '-', first a letter or digit"),
    ]

    @Test("of hosts", arguments: hosts) func ofHosts(bad: BadFleet) { expect(bad) }
    @Test("of pools", arguments: pools) func ofPools(bad: BadFleet) { expect(bad) }
    @Test("of settings", arguments: settings) func ofSettings(bad: BadFleet) { expect(bad) }
    @Test("of sites and links", arguments: links) func ofLinks(bad: BadFleet) { expect(bad) }

    @Test(
        "of the head",
        arguments: [
            BadFleet("empty", "", "1:1: the file is empty: it needs at least apiVersion, name and hosts"),
            BadFleet(
                "nothing right", "kind: x\n",
                "1:1: unknown key 'kind' (known: apiVersion, name, defaults, sites, links, hosts)",
                "1:1: the key 'apiVersion' is missing", "1:1: the key 'name' is missing",
                "1:1: the key 'hosts' is missing"),
            BadFleet(
                "version", "apiVersion: v2\nname: 'a/b'\nhosts: { h: }",
                "1:13: this program reads kvm-clone/v1, not 'v2'",
                "2:7: 'a/b' can't name a fleet: up to 64 letters, digits, '.', '_' or '-', first a letter or digit"),
            BadFleet("a list", "[a]", "1:1: expected a mapping, found a list"),
            BadFleet("syntax", "apiVersion: [}", "1:14: did not find expected node content, while parsing a flow node"),
            BadFleet("twice", "name: a\nname: b", "2:1: duplicate key 'name', first at 1:1"),
        ])
    func ofTheHead(bad: BadFleet) {
        let error = #expect(throws: TopologyError.self) { try parse(bad.text) }
        #expect(error?.findings.map(\.description) == bad.findings)
    }

    @Test("all findings come at once, in the file's order, each with file, line and column")
    func together() {
        let error = #expect(throws: TopologyError.self) {
            try parse(head + "hosts:\n  a: { ssh_port: 0, site: x }\nsites: { y!: }\ncolour: red")
        }
        #expect(
            error?.description == """
                t.yaml:4:18: 0 is out of range (1 to 65535)
                t.yaml:4:27: unknown site 'x' (known: y!)
                t.yaml:5:10: 'y!' can't name a site: up to 64 letters, digits, '.', '_' or '-', first a letter or digit
                t.yaml:6:1: unknown key 'colour' (known: apiVersion, name, defaults, sites, links, hosts)
                """)
    }

    @Test("both places of a repeated host are told")
    func bothPlaces() {
        let error = #expect(throws: TopologyError.self) { try parse(head + "hosts:\n  'a[1:2]':\n  a2:") }
        #expect(error?.findings.first?.mark == YAMLMark(line: 5, column: 3))
        #expect(error?.findings.first?.related == YAMLMark(line: 4, column: 3))
    }

    @Test(
        "10,001 hosts are refused before they are expanded",
        arguments: [
            "'h[1:10001]': {}", "'h[1:9999]': {}\n  x: {}\n  y: {}", "'h[0:999999999]': { address: '[0:999999999]' }",
        ])
    func tooMany(hosts: String) throws {
        let error = #expect(throws: TopologyError.self) { try parse(head + "hosts:\n  \(hosts)") }
        let findings = try #require(error?.findings)
        #expect(findings.map(\.message) == ["from here on there are more than 10000 hosts"])
        #expect(findings[0].mark == YAMLMark(line: hosts.contains("y") ? 6 : 4, column: 3))
    }

    @Test("1,001 sites are refused where the bound is passed")
    func tooManySites() {
        func file(_ sites: Int) -> String {
            head + "sites:\n" + (1...sites).map { "  s\($0): {}\n" }.joined() + "hosts: { h: }"
        }
        #expect(throws: Never.self) { try parse(file(1000)) }
        let error = #expect(throws: TopologyError.self) { try parse(file(1001)) }
        #expect(error?.findings.map(\.description) == ["1004:3: from here on there are more than 1000 sites"])
    }

    @Test("a long list of findings is cut when printed, and all are kept")
    func long() {
        let error = #expect(throws: TopologyError.self) { try parse(head + "hosts: { 'a_[1:60]': }") }
        #expect(error?.findings.count == 60)
        #expect(error?.description.hasSuffix("\nand 10 more") == true)
    }

    private func expect(_ bad: BadFleet) {
        let error = #expect(throws: TopologyError.self) { try parse(head + bad.text) }
        #expect(error?.findings.map(\.description) == bad.findings)
    }
}
