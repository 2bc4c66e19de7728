import AgentProtocol
import Foundation
import Model
import Simulation
import Testing

/// Names that agents hold against each other.
@Suite struct ClaimTests {
    static let uuid = "6a1e1c1e-0000-4000-8000-0000000000a1"

    @Test(
        "What one agent holds another gets only after the first has let go",
        arguments: [Claim.Subject.source(uuid: uuid), .target(name: "web01")])
    func exclusive(_ subject: Claim.Subject) async throws {
        let fixture = try AgentFixture()
        let other = try fixture.second()
        _ = try await fixture.agent.call(Claim(subject, operation: "FIRST"))
        let refusal = try #require(await failure(of: Claim(subject, operation: "SECOND"), by: other))
        #expect(refusal.exitCode == .tryAgain)
        #expect(refusal.message.contains("FIRST"))
        _ = try await fixture.agent.call(ReleaseClaims(operation: "FIRST"))
        #expect(await failure(of: Claim(subject, operation: "SECOND"), by: other) == nil)
        try await fixture.end(other)
    }

    @Test("A claim that is just being given back, so that nobody's name is in it any more, is waited for")
    func beingReleased() async throws {
        let fixture = try AgentFixture()
        _ = try await fixture.agent.call(Claim(.source(uuid: Self.uuid), operation: "FIRST"))
        _ = try await fixture.agent.call(ReleaseClaims(operation: "FIRST"))
        // Its file is there, and empty; somebody has it locked for a moment.
        let file = open(fixture.folder.path + "/state/claims/source-\(Self.uuid)", O_RDWR)
        try #require(file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
        let taking = Task { await failure(of: Claim(.source(uuid: Self.uuid), operation: "SECOND"), by: fixture.agent) }
        try await Task.sleep(for: .milliseconds(200))
        close(file)
        #expect(await taking.value == nil)
        try await fixture.end()
    }

    @Test("An agent that ends lets the source go, which it only read")
    func endReleases() async throws {
        let fixture = try AgentFixture()
        _ = try await fixture.agent.call(Claim(.source(uuid: Self.uuid), operation: "FIRST"))
        try await fixture.end()
        let other = try fixture.second()
        #expect(await failure(of: Claim(.source(uuid: Self.uuid), operation: "SECOND"), by: other) == nil)
        try await fixture.end(other)
    }

    @Test(
        "A name under which something may be unfinished stays its operation's until that releases it",
        arguments: [false, true])
    func record(_ endsFirst: Bool) async throws {
        let fixture = try AgentFixture()
        let name = Claim.Subject.target(name: "web01")
        _ = try await fixture.agent.call(Claim(name, operation: "FIRST", fence: 1))
        if endsFirst {
            try await fixture.end()
        } else {
            _ = try await fixture.agent.call(ReleaseClaims(operation: "FIRST", fence: 1, keepsRecords: true))
        }
        let other = try fixture.second()
        let refusal = try #require(await failure(of: Claim(name, operation: "SECOND"), by: other))
        #expect(refusal.exitCode == .tryAgain)
        #expect(refusal.message.contains("FIRST"))
        #expect(refusal.whatToDo?.contains("kvm-clone op resume FIRST") == true)
        #expect(refusal.whatToDo?.contains("kvm-clone op cleanup FIRST") == true)
        #expect(await failure(of: Claim(name, operation: "FIRST", fence: 2), by: other) == nil)
        try await fixture.end(other)
        // Released by an agent that never held it, as a clean-up does.
        let third = try fixture.second()
        _ = try await third.call(ReleaseClaims(operation: "FIRST"))
        #expect(await failure(of: Claim(name, operation: "SECOND"), by: third) == nil)
        try await fixture.end(third)
        if !endsFirst { try await fixture.end() }
    }

    @Test("An older coordinator that wakes up can't write: its run is refused once another has gone on")
    func fence() async throws {
        let fixture = try AgentFixture()
        let name = Claim.Subject.target(name: "web01")
        _ = try await fixture.agent.call(Claim(name, operation: "FIRST", fence: 1))
        try await fixture.end()
        let newer = try fixture.second()
        _ = try await newer.call(Claim(name, operation: "FIRST", fence: 2))
        try await fixture.end(newer)
        let older = try fixture.second()
        let refusal = try #require(await failure(of: Claim(name, operation: "FIRST", fence: 1), by: older))
        #expect(refusal.exitCode == .tryAgain)
        #expect(refusal.message.contains("went on elsewhere"))
        let lost = await failure(of: ConfirmClaim(name, operation: "FIRST"), by: older)
        #expect(lost?.code == .connection)
        _ = try await older.call(Claim(name, operation: "FIRST", fence: 3))
        #expect(await failure(of: ConfirmClaim(name, operation: "FIRST"), by: older) == nil)
        #expect(await failure(of: ConfirmClaim(name, operation: "SECOND"), by: older) != nil)
        try await fixture.end(older)
    }

    @Test(
        "What can't be read in a claim's file is no record",
        arguments: ["", "FIRST", "kvm-clone-claim-1 x FIRST", "\u{0}\u{1}"])
    func unreadable(_ text: String) async throws {
        let fixture = try AgentFixture()
        let folder = fixture.folder.path + "/state/claims"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/target-web01"))
        #expect(await failure(of: Claim(.target(name: "web01"), operation: "SECOND"), by: fixture.agent) == nil)
        try await fixture.end()
    }

    @Test("An operation's release leaves the claims of others alone")
    func releaseIsOwn() async throws {
        let fixture = try AgentFixture()
        _ = try await fixture.agent.call(Claim(.target(name: "one"), operation: "FIRST"))
        _ = try await fixture.agent.call(Claim(.target(name: "two"), operation: "SECOND"))
        _ = try await fixture.agent.call(ReleaseClaims(operation: "SECOND"))
        #expect(await failure(of: Claim(.target(name: "one"), operation: "THIRD"), by: fixture.agent) != nil)
        #expect(await failure(of: Claim(.target(name: "two"), operation: "THIRD"), by: fixture.agent) == nil)
        try await fixture.end()
    }

    @Test("An operation that has let go takes no more: a claim that was cancelled may come late")
    func lateClaim() async throws {
        let fixture = try AgentFixture()
        _ = try await fixture.agent.call(ReleaseClaims(operation: "FIRST"))
        let refusal = await failure(of: Claim(.target(name: "web01"), operation: "FIRST"), by: fixture.agent)
        #expect(refusal?.code == .cancelled)
        #expect(await failure(of: Claim(.target(name: "web01"), operation: "SECOND"), by: fixture.agent) == nil)
        try await fixture.end()
    }

    @Test(
        "A name that isn't one is refused, and no file is made for it",
        arguments: [
            Claim.Subject.target(name: "../web01"), .target(name: "a/b"), .target(name: ""), .target(name: "a\u{0}b"),
            .target(name: String(repeating: "a", count: 65)), .source(uuid: "../../etc/passwd"), .source(uuid: ""),
            .source(uuid: String(repeating: "g", count: 36)), .source(uuid: String(repeating: "é", count: 18)),
        ])
    func names(_ subject: Claim.Subject) async throws {
        let fixture = try AgentFixture()
        let refusal = await failure(of: Claim(subject, operation: "FIRST"), by: fixture.agent)
        #expect(refusal?.code == .validation || refusal?.code == .invalidVMName)
        let made = try FileManager.default.subpathsOfDirectory(atPath: fixture.folder.path)
        #expect(made.sorted() == ["pool", "state"])
        try await fixture.end()
    }
}
