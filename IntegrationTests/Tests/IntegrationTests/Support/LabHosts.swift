import Foundation
import Testing

/// Real hosts in namespaces, each with its own sshd, libvirtd and QEMU: `IntegrationTests/lab`.
struct LabHosts: Sendable {
    @TaskLocal static var shared: LabHosts?

    static let images = "/var/lib/libvirt/images"
    let environment: [String: String]
    let count: Int
    let topology: String

    static func current() throws -> LabHosts {
        guard let shared else { throw Failure("no lab: the suite lacks its trait") }
        return shared
    }

    /// Why this machine can't run a lab; nil if it can.
    static func obstacle() async throws -> String? {
        let check = try await run(["\(Setting.folder)/lab", "check"])
        return check.code == 0 ? nil : check.error
    }

    /// Runs `body` with a lab of `count` hosts, and ends it.
    static func with(_ count: Int, _ body: () async throws -> Void) async throws {
        let scratch = try Scratch(under: "/var/tmp")
        var environment = Setting.systemEnvironment
        environment["KVM_CLONE_LAB"] = "it\(getpid())"
        environment["KVM_CLONE_LAB_DIR"] = scratch.path("labs")
        let script = "\(Setting.folder)/lab"
        let keeper = try Keeper(
            "\"$1\" down --all; rmdir --ignore-fail-on-non-empty \"$2\"", [script, scratch.folder],
            environment: environment)
        let result = await Result {
            try await run([script, "up", "\(count)"], environment: environment).succeeded()
            let topology = try await run([script, "topology"], environment: environment).succeeded().output
            let hosts = LabHosts(environment: environment, count: count, topology: topology)
            try await $shared.withValue(hosts, operation: body)
        }
        try await keeper.finish()
        try result.get()
    }

    @discardableResult
    func lab(_ words: String..., timeout: Double = 300) async throws -> Outcome {
        try await run(["\(Setting.folder)/lab"] + words, environment: environment, timeout: timeout)
    }

    @discardableResult
    func exec(_ host: Int, _ words: String...) async throws -> Outcome {
        try await run(["\(Setting.folder)/lab", "exec", "kvm\(host)"] + words, environment: environment)
    }

    /// Runs a line of shell in a host.
    @discardableResult
    func shell(_ host: Int, _ line: String) async throws -> Outcome { try await exec(host, "sh", "-c", line) }

    @discardableResult
    func virsh(_ host: Int, _ words: String...) async throws -> Outcome {
        try await run(["\(Setting.folder)/lab", "virsh", "kvm\(host)"] + words, environment: environment)
    }

    func tool() throws -> Tool { try Tool(topology: topology) }

    /// A setting of `lab env`.
    func setting(_ name: String) async throws -> String {
        let lines = try await lab("env").succeeded().lines
        guard let line = lines.first(where: { $0.hasPrefix(name + "=") }) else { throw Failure("no \(name)") }
        return String(line.dropFirst(name.count + 1)).replacingOccurrences(of: "\\ ", with: " ")
    }

    func address(_ host: Int) async throws -> String {
        try await setting("KVM_CLONE_LAB_ADDRESSES").split(separator: " ").map(String.init)[host - 1]
    }

    func names(_ host: Int) async throws -> Set<String> {
        Set(try await virsh(host, "list", "--all", "--name").succeeded().lines)
    }

    /// Everything that a copy could leave on the hosts: files, domains, agents that run.
    func contents() async throws -> Set<String> {
        var found: Set<String> = []
        for host in 1...count {
            let line = "find \(Self.images) /var/lib/libvirt/qemu/nvram -type f 2>/dev/null; true"
            found.formUnion(try await shell(host, line).succeeded().lines.map { "\(host):\($0)" })
            found.formUnion(try await names(host).map { "\(host):\($0)" })
            found.formUnion(try await agents(host).map { "\(host):agent \($0)" })
        }
        return found
    }

    /// The ids of the agents in a host, as that host counts.
    func agents(_ host: Int) async throws -> [String] {
        try await exec(host, "pgrep", "-f", "kvm-clone-agent.* serve|agents/.* serve").lines
    }

    /// Waits until the hosts hold what they held before.
    func settles(to before: Set<String>, within seconds: Double = 30) async throws {
        var now = before
        do {
            try await waitUntil("nothing is left", within: seconds) {
                now = try await contents()
                return now == before
            }
        } catch {
            throw Failure("left: \(now.subtracting(before).sorted()); gone: \(before.subtracting(now).sorted())")
        }
    }

    /// Removes a VM and its disks, if it is there.
    func remove(_ name: String, from host: Int) async throws {
        guard try await names(host).contains(name) else { return }
        try await virsh(host, "destroy", name)
        try await virsh(host, "undefine", name, "--nvram")
        try await shell(host, "rm -f \(Self.images)/\(name)-*")
    }
}

/// Gives a suite a lab, or skips it where there can't be one.
struct LabTrait: SuiteTrait, TestScoping {
    let count: Int

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await LabHosts.with(count, function)
    }
}

extension Trait where Self == LabTrait {
    static func lab(_ count: Int) -> Self { LabTrait(count: count) }
}
