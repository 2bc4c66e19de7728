import Foundation
import Testing

/// Hosts on libvirt's test driver with disks in real folders: `IntegrationTests/embedded`.
struct EmbeddedHosts: Sendable {
    @TaskLocal static var shared: EmbeddedHosts?

    let folder: String
    let topology: String

    static func current() throws -> EmbeddedHosts {
        guard let shared else { throw Failure("no embedded hosts: the suite lacks its trait") }
        return shared
    }

    /// Runs `body` with `count` hosts, and ends them.
    static func with(_ count: Int, _ body: () async throws -> Void) async throws {
        let scratch = try Scratch()
        let script = "\(Setting.folder)/embedded"
        let folder = scratch.path("e")
        let keeper = try Keeper(
            "[ ! -e \"$2/embedded\" ] || exec \"$1\" down \"$2\"", [script, folder],
            environment: Setting.systemEnvironment)
        try await run([script, "up", "\(count)", folder]).succeeded()
        let topology = try await run([script, "topology", folder]).succeeded().output
        let result = await Result {
            try await $shared.withValue(EmbeddedHosts(folder: folder, topology: topology), operation: body)
        }
        try await keeper.finish()
        try result.get()
    }

    func pool(_ host: Int) -> String { "\(folder)/host\(host)/pool" }

    func uri(_ host: Int) -> String { "test+unix:///default?socket=\(folder)/host\(host)/state/run/libvirt-sock" }

    /// The tool with a topology of these hosts.
    func tool() throws -> Tool { try Tool(topology: topology) }

    @discardableResult
    func virsh(_ host: Int, _ words: String...) async throws -> Outcome {
        try await run(["virsh", "-q", "-k", "0", "-c", uri(host)] + words)
    }

    /// Defines a machine on a host.
    func define(_ machine: Machine, on host: Int = 1) async throws {
        let scratch = try Scratch()
        try await virsh(host, "define", scratch.write("domain.xml", machine.xml)).succeeded()
    }

    func names(_ host: Int) async throws -> Set<String> {
        Set(try await virsh(host, "list", "--all", "--name").succeeded().lines)
    }

    /// Everything that a copy could leave on the hosts: files in the pools, domains.
    func contents() async throws -> Set<String> {
        var found: Set<String> = []
        for entry in try FileManager.default.contentsOfDirectory(atPath: folder) where entry.hasPrefix("host") {
            let host = Int(entry.dropFirst(4)) ?? 0
            found.formUnion(try FileManager.default.contentsOfDirectory(atPath: pool(host)).map { "\(host)/\($0)" })
            found.formUnion(try await names(host).map { "\(host):\($0)" })
        }
        return found
    }
}

/// Gives a suite embedded hosts.
struct EmbeddedTrait: SuiteTrait, TestScoping {
    let count: Int

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await EmbeddedHosts.with(count, function)
    }
}

extension Trait where Self == EmbeddedTrait {
    static func embedded(_ count: Int) -> Self { EmbeddedTrait(count: count) }
}

extension Result where Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
