import AgentProtocol
import Foundation
import Model
import Simulation
import Testing

/// What pools keep of replicas.
@Suite struct ReplicaTests {
    private static func record(
        generation: Int = 1, disks: [ReplicaRecord.Disk] = [], retired: [String] = [], name: String = "web01"
    ) -> ReplicaRecord {
        ReplicaRecord(
            name: name, uuid: "u", origin: "kvm-a", xml: "<domain/>", disks: disks, retired: retired,
            generation: generation, taken: "2026-01-02T03:04:05Z", operation: "OP")
    }

    private static func listed(_ fixture: AgentFixture) async throws -> [ListReplicas.Found] {
        try await fixture.agent.call(ListReplicas(folders: [fixture.pool, fixture.pool + "/missing"]))
    }

    @Test("A record is made, replaced and removed only from the generation that was expected")
    func switching() async throws {
        let fixture = try AgentFixture()
        func change(_ from: Int?, _ to: ReplicaRecord?) -> SwitchReplica {
            SwitchReplica(folder: fixture.pool, replica: "web01", from: from, to: to)
        }
        let (one, two) = (Self.record(), Self.record(generation: 2))
        #expect(await failure(of: change(1, two), by: fixture.agent)?.exitCode == .tryAgain)
        _ = try await fixture.agent.call(change(nil, one))
        // Once more is the same.
        _ = try await fixture.agent.call(change(nil, one))
        #expect(await failure(of: change(nil, two), by: fixture.agent)?.exitCode == .tryAgain)
        #expect(await failure(of: change(2, nil), by: fixture.agent)?.exitCode == .tryAgain)
        #expect(try await Self.listed(fixture).map(\.record) == [one])
        _ = try await fixture.agent.call(change(1, two))
        #expect(try await Self.listed(fixture).map(\.record) == [two])
        #expect(try fixture.names == ["web01.kvm-clone-replica"])
        _ = try await fixture.agent.call(change(2, nil))
        _ = try await fixture.agent.call(change(2, nil))
        #expect(try fixture.names == [])
        try await fixture.end()
    }

    @Test(
        "A record that can't be used is listed with its reason, and never replaced",
        arguments: [
            "", "{}", "not JSON", #"{"version":1}"#, String(repeating: "x", count: 5 << 20),
            record(name: "other").text,
            record(disks: [.init(target: "vda", file: "../x", format: "raw", size: 1)]).text,
            record(disks: [.init(target: "vda", file: "x", format: "vmdk", size: 1)]).text,
            record(retired: ["/etc/passwd"]).text,
            record().text.replacingOccurrences(of: #""version":1"#, with: #""version":2"#),
        ])
    func unusable(_ text: String) async throws {
        let fixture = try AgentFixture()
        try fixture.write("web01" + ReplicaRecord.suffix, text)
        let found = try #require(try await Self.listed(fixture).first)
        #expect(found.name == "web01" && found.record == nil && found.problem != nil)
        for from in [nil, 1] as [Int?] {
            let change = SwitchReplica(folder: fixture.pool, replica: "web01", from: from, to: Self.record())
            #expect(await failure(of: change, by: fixture.agent) != nil)
        }
        #expect(try fixture.read("web01" + ReplicaRecord.suffix) == text)
        try await fixture.end()
    }

    /// A pool with a replica of generation 2, whose overlay has been written to: 1 MiB of zeros, then "new" at 64 KiB.
    private static func overlaid(_ format: String) async throws -> AgentFixture {
        let fixture = try AgentFixture()
        let base = fixture.pool + "/web01-vda"
        try tool("qemu-img", "create", "-q", "-f", format, base, "1M")
        try tool("qemu-io", "-f", format, "-c", "write -P 1 0 256k", base)
        try tool(
            "qemu-img", "create", "-q", "-f", "qcow2", "-b", "./web01-vda", "-F", format, base + ".g2.qcow2")
        try tool("qemu-io", "-f", "qcow2", "-c", "write -P 2 64k 64k", "-c", "write -z 128k 64k", base + ".g2.qcow2")
        try fixture.write("web01-nvram.fd", "old variables")
        let disk = ReplicaRecord.Disk(
            target: "vda", file: "web01-vda", format: format, size: 1 << 20, overlay: "web01-vda.g2.qcow2")
        _ = try await fixture.agent.call(
            SwitchReplica(
                folder: fixture.pool, replica: "web01", from: nil,
                to: record(generation: 2, disks: [disk], retired: ["web01-nvram.fd"])))
        return fixture
    }

    private static func isMerged(_ fixture: AgentFixture, _ format: String) throws -> Bool {
        let checks = ["read -P 1 0 64k", "read -P 2 64k 64k", "read -P 0 128k 64k", "read -P 1 192k 64k"]
        return try tool(
            "qemu-io", ["-r", "-f", format] + checks.flatMap { ["-c", $0] } + [fixture.pool + "/web01-vda"]
        ).contains("verification failed") == false
    }

    @Test("Overlays are merged into what lies below, and only then they go", arguments: ["raw", "qcow2"])
    func merging(_ format: String) async throws {
        let fixture = try await Self.overlaid(format)
        #expect(try !Self.isMerged(fixture, format))
        let merge = MergeReplica(folder: fixture.pool, replica: "web01")
        _ = try await fixture.agent.call(merge)
        #expect(try Self.isMerged(fixture, format))
        #expect(try fixture.names == ["web01-vda", "web01.kvm-clone-replica"])
        let record = try #require(try await Self.listed(fixture).first?.record)
        #expect(!record.needsMerge && record.generation == 2)
        // Nothing is left to do, nor for one that isn't there.
        _ = try await fixture.agent.call(merge)
        _ = try await fixture.agent.call(MergeReplica(folder: fixture.pool, replica: "web02"))
        try await fixture.end()
    }

    @Test("A merge that broke off anywhere is done again", arguments: [0, 1, 2])
    func mergedAgain(_ stage: Int) async throws {
        let fixture = try await Self.overlaid("qcow2")
        let overlay = fixture.pool + "/web01-vda.g2.qcow2"
        // Merged in part, or wholly; or the record has forgotten the overlay already.
        if stage >= 1 { try Self.tool("qemu-img", "commit", "-q", "-d", overlay) }
        if stage == 2 {
            let disk = ReplicaRecord.Disk(target: "vda", file: "web01-vda", format: "qcow2", size: 1 << 20)
            let record = Self.record(
                generation: 2, disks: [disk], retired: ["web01-nvram.fd", "web01-vda.g2.qcow2"])
            try fixture.write("web01" + ReplicaRecord.suffix, record.text)
        }
        _ = try await fixture.agent.call(MergeReplica(folder: fixture.pool, replica: "web01"))
        #expect(try Self.isMerged(fixture, "qcow2"))
        #expect(try fixture.names == ["web01-vda", "web01.kvm-clone-replica"])
        try await fixture.end()
    }

    @Test("An overlay that isn't on top of its disk is not merged")
    func foreignOverlay() async throws {
        let fixture = try await Self.overlaid("raw")
        try fixture.write("secret", String(repeating: "s", count: 1 << 20))
        try Self.tool(
            "qemu-img", "rebase", "-q", "-u", "-f", "qcow2", "-b", "./secret", "-F", "raw",
            fixture.pool + "/web01-vda.g2.qcow2")
        let refusal = await failure(of: MergeReplica(folder: fixture.pool, replica: "web01"), by: fixture.agent)
        #expect(refusal?.code == .validation)
        #expect(try !Self.isMerged(fixture, "raw"))
        #expect(try fixture.read("secret").allSatisfy { $0 == "s" })
        try await fixture.end()
    }

    @discardableResult
    private static func tool(_ name: String, _ arguments: String...) throws -> String { try tool(name, arguments) }

    @discardableResult
    private static func tool(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/" + name)
        process.arguments = arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}

extension ReplicaRecord {
    fileprivate var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
