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

    @Test("An agent that ends lets everything go")
    func endReleases() async throws {
        let fixture = try AgentFixture()
        _ = try await fixture.agent.call(Claim(.target(name: "web01"), operation: "FIRST"))
        try await fixture.end()
        let other = try fixture.second()
        #expect(await failure(of: Claim(.target(name: "web01"), operation: "SECOND"), by: other) == nil)
        try await fixture.end(other)
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
