import Coordinator
import Foundation
import Glibc
import Hosts
import Logging
import Model
import Simulation
import Testing
import Topology

/// A driver under test, with what a test must be able to do behind its back.
struct Subject: Sendable {
    let driver: any HostDriver
    /// The `type` that domains have there.
    let domainType: String
    /// Starts a domain; nil where the test can't.
    var start: (@Sendable (String) async throws -> Void)?
    /// Ends the running agent; nil where the test can't.
    var killAgent: (@Sendable () async throws -> Void)?
    /// Makes the running agent hang; what it answers takes that back. nil where the test can't.
    var hangAgent: (@Sendable () async throws -> @Sendable () -> Void)?
    /// Ends what was started for the test.
    let end: @Sendable () async throws -> Void
}

/// The kinds of host that must behave alike.
enum SubjectKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case fake
    case embedded
    case lab

    var testDescription: String { rawValue }

    /// A lab is there only where the caller has brought one up and says so.
    static var available: [SubjectKind] { labTopology == nil ? [.fake, .embedded] : allCases }

    static var labTopology: String? { ProcessInfo.processInfo.environment["KVM_CLONE_TEST_TOPOLOGY"] }

    func make() async throws -> Subject {
        switch self {
        case .fake:
            let host = try FakeHost("host1")
            return Subject(
                driver: host, domainType: "test", start: { host.startMachine($0) }, killAgent: { host.killAgent() },
                hangAgent: {
                    host.freeze()
                    return { host.freeze(false) }
                },
                end: { await host.close() })
        case .embedded:
            let hosts = try #require(Embedded.current, "the suite's daemons aren't there")
            let state = try TemporaryFolder()
            let host = try Self.host("host1", topology: hosts.topology, state: state.path)
            return Subject(
                driver: host, domainType: "test", start: { try await hosts.virsh(1, "start", $0) },
                killAgent: { kill(try await host.greet().processID, SIGKILL) },
                hangAgent: {
                    let agent = try await host.greet().processID
                    kill(agent, SIGSTOP)
                    return { kill(agent, SIGCONT) }
                },
                end: { [state] in
                    await host.close()
                    withExtendedLifetime(state) {}
                })
        case .lab:
            let topology = try #require(Self.labTopology)
            let name = try #require(try Fleet.load(topology).hosts.first?.name)
            let state = try TemporaryFolder()
            let host = try Self.host(name, topology: topology, state: state.path)
            return Subject(
                driver: host, domainType: "qemu",
                end: { [state] in
                    await host.close()
                    withExtendedLifetime(state) {}
                })
        }
    }

    private static func host(_ name: String, topology: String, state: String) throws -> Hosts.Host {
        let settings = HostSettings(
            binary: try AgentBinary.find(Repository.agent), connectTimeout: 30, libvirtTimeout: 30, stateFolder: state,
            logger: .silent)
        return Hosts.Host(try Fleet.load(topology).resolve(name), settings: settings)
    }
}

/// Brings the embedded hosts up once for a suite.
struct Embedded: SuiteTrait, TestScoping {
    @TaskLocal static var current: EmbeddedHosts?

    let count: Int

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let hosts = try await EmbeddedHosts.up(count)
        do {
            try await Self.$current.withValue(hosts) { try await function() }
        } catch {
            try await hosts.down()
            throw error
        }
        try await hosts.down()
    }
}

extension Trait where Self == Embedded {
    /// So many embedded hosts.
    static func embeddedHosts(_ count: Int) -> Embedded { Embedded(count: count) }
}
