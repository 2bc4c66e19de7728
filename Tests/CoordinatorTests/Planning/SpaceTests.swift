import AgentProtocol
import Model
import Simulation
import Testing

@testable import Coordinator

/// Room on the target: folders can't be made small without rights, so what was measured is changed here.
@Suite struct SpaceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var what: String
        var change: @Sendable (inout MeasureFolders.Folder) -> Void
        var code: ErrorCode?
        var says = ""
        var testDescription: String { what }
    }

    @Test(
        "The room on the target is compared with what the source takes",
        arguments: [
            Row(what: "a byte too little", change: { $0.free = (256 << 10) - 1 }, code: .diskSpace, says: "256 KiB"),
            Row(what: "just enough", change: { $0.free = 256 << 10 }, code: nil),
            Row(what: "not writable", change: { $0.writable = false }, code: .permissionDenied, says: "isn't writable"),
            Row(what: "not there", change: { $0.exists = false }, code: .invalidPath, says: "has no folder"),
        ])
    func space(_ row: Row) async throws {
        let fleet = try FakeFleet(machine: MachineRecipe(disks: [DiskRecipe(size: 8 << 20, runs: 0)]))
        let request = fleet.request()
        let source = try await SourceFacts.gather(vm: "web01", from: fleet.source, options: request.options)
        var files = FilePlanner(facts: source, options: request.options).files()
        // What the file system takes for a hole differs; the rule doesn't.
        for place in files.indices { files[place].used = 256 << 10 }
        let names = FilePlanner.names(for: files, vm: "web01")
        var facts = try await TargetFacts.gather(
            from: fleet.targets[0], newName: "web01", kind: MachineKind(type: "test", architecture: nil, machine: nil),
            pool: nil, .init(fileNames: { [names] _ in names }, paths: []))
        var space = try #require(facts.space)
        row.change(&space)
        facts.space = space
        let findings = TargetChecks(request: request, source: source, facts: facts, files: files, names: names)
            .findings()
        #expect(findings.map(\.code) == (row.code.map { [$0] } ?? []))
        if row.code != nil { #expect(findings.first?.message.contains(row.says) == true) }
        await fleet.close()
    }
}
