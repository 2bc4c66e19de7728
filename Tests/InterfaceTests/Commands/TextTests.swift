import KVMClone
import Model
import Testing
import YAML

@testable import Interface
@testable import kvm_clone

@Suite struct TextTests {
    private let vm = VMInfo(
        name: "web01", uuid: "u", state: .running, memory: 2048, vcpus: 2,
        disks: [.init(path: "/i/a", size: 40 << 30, allocated: 11 << 30, format: "qcow2", target: "vda")],
        networks: [.init(interface: "vnet0", macAddress: "52:54:00:00:00:01", network: "default", ipAddress: nil)],
        host: "kvm1", created: nil, lastModified: nil)

    private func listings() -> [HostListing] {
        [
            HostListing(host: "kvm1", vms: [vm], error: nil), HostListing(host: "kvm2", vms: [], error: nil),
            HostListing(host: "kvm9", vms: [], error: KVMCloneError(.connection, "no route")),
        ]
    }

    @Test("an unreachable host is a row of its own, an empty one isn't")
    func listingTable() throws {
        let lines = try ListingText.table(listings()).render().split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].hasPrefix("kvm1  web01  running           2  2.00 GiB  vda qcow2 40.0 GiB (11.0 GiB used)"))
        #expect(lines[2].hasPrefix("kvm9  -      error [1002]"))
    }

    @Test("the wide table says why something of a VM isn't known")
    func problems() throws {
        var broken = vm
        broken.disks[0].size = nil
        broken.disks[0].allocated = nil
        broken.problems = ["vda: gone", "more"]
        let table = try ListingText.table([HostListing(host: "kvm1", vms: [broken], error: nil)])
            .render(.init(isWide: true))
        #expect(table.contains("vda qcow2 ?  "))
        #expect(table.hasSuffix("  vda: gone; more\n"))
    }

    struct ExitRow: Sendable {
        var listings: [HostListing]
        var code: ExitCode?
    }

    private static let gap = KVMCloneError(.libvirt, "no sizes")
    private static let unreachable = HostListing(host: "a", vms: [], error: KVMCloneError(.connection, "no route"))
    private static let whole = HostListing(host: "b", vms: [], error: nil)

    @Test(
        "a listing that lacks something ends with the code for a part, one without any host with the host's",
        arguments: [
            ExitRow(listings: [whole], code: nil), ExitRow(listings: [], code: nil),
            ExitRow(listings: [whole, unreachable], code: .partFailed),
            ExitRow(listings: [HostListing(host: "c", vms: [], error: nil, gaps: [gap])], code: .partFailed),
            ExitRow(listings: [unreachable], code: KVMCloneError(.connection, "").exitCode),
        ])
    func exitCodes(_ row: ExitRow) {
        #expect(row.listings.exitCode == row.code)
    }

    @Test("the document has VMs per host, and the error in place of a list")
    func listingDocument() throws {
        let value = try YAMLValue(encoding: ListingDocument(listings()))
        #expect(value.fields.map(\.key) == ["kvm1", "kvm2", "kvm9"])
        #expect(value.fields[1].value == [])
        #expect(
            value.fields[2].value == [
                "error": ["code": 1002, "message": "kvm9: no route", "details": nil, "field": nil]
            ])
    }

    @Test("each target has its response, with the error's code")
    func responses() throws {
        let outcome = TargetOutcome(
            host: "kvm2", newName: "n", error: KVMCloneError(.diskSpace, "full"), verified: false, logicalBytes: 1,
            wireBytes: 2, seconds: 3, path: nil, warnings: ["w"])
        let result = OperationResult(
            id: OperationID(), kind: .clone, vm: "v", source: "kvm1", state: .failed, targets: [outcome], seconds: 3)
        let response = try #require(CloneResponses(result, now: "t").all.first)
        #expect(!response.success)
        #expect(response.errorCode == 1204)
        #expect(response.error == "[1204] kvm2: full")
        #expect(response.bytesTransferred == 2)
        let table = try ResultText.table(result).render()
        #expect(table.contains("[1204]"))
    }

    @Test("findings name their weight, code and what to do")
    func findings() {
        let text = FindingText.lines([
            PreflightFinding(severity: .blocks, code: .network, message: "no network", whatToDo: "one\ntwo")
        ])
        #expect(text == "  blocks   [1205] no network\n           try: one\n                two\n")
    }

    @Test("a report lines its facts up")
    func doctor() {
        let report = DoctorReport(
            host: "kvm1", facts: [.init(name: "libvirt", value: "9.0"), .init(name: "cpu", value: "x")], findings: [])
        #expect(DoctorCommand.text(report) == "kvm1\n  libvirt  9.0\n  cpu      x\n")
    }

    @Test("settings show their origin where asked")
    func settings() throws {
        let setting = Configuration.Setting(value: "22", origin: .file("/c.yaml", line: 3))
        let rows = [(ConfigKey.sshPort, setting)]
        #expect(try ConfigText.render(rows, as: .text, withOrigin: false) == "KEY       VALUE\nssh.port  22\n")
        let document = try YAMLLoader.load(ConfigText.render(rows, as: .yaml, withOrigin: true))
        #expect(YAMLValue(document) == [["key": "ssh.port", "value": "22", "origin": "/c.yaml:3"]])
    }
}
