import Executors
import Foundation
import Glibc
import Model

/// Hosts of `IntegrationTests/embedded`: private libvirt daemons that serve the test driver, with real pool folders.
package struct EmbeddedHosts: Sendable {
    private let folder: TemporaryFolder
    /// The topology file that names them.
    package let topology: String

    /// Hosts `host1`, `host2`, … Ask `down()` at the end: it ends their daemons.
    package static func up(_ count: Int) async throws -> EmbeddedHosts {
        let folder = try TemporaryFolder()
        let hosts = folder.path + "/hosts"
        try await run(["up", "\(count)", hosts])
        let text = try await run(["topology", hosts])
        let topology = folder.path + "/topology.yaml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: topology))
        return EmbeddedHosts(folder: folder, topology: topology)
    }

    package func down() async throws {
        _ = try await Self.run(["down", folder.path + "/hosts"])
    }

    /// The folder behind a host's pool.
    package func pool(_ host: Int) -> String { "\(folder.path)/hosts/host\(host)/pool" }

    /// Where a coordinator can keep its state; gone with the hosts.
    package var stateFolder: String { folder.path + "/state" }

    /// Runs virsh on a host.
    @discardableResult
    package func virsh(_ host: Int, _ arguments: String...) async throws -> String {
        let socket = "\(folder.path)/hosts/host\(host)/state/run/libvirt-sock"
        let words = ["-k", "0", "-c", "test+unix:///default?socket=\(socket)"] + arguments
        return try await BlockingPool.shared.run { Result { try Tool.run("virsh", words) } }.get()
    }

    /// Makes a machine's disks on a host and defines it.
    package func add(_ machine: MachineRecipe, to host: Int) async throws {
        let xml = folder.path + "/\(machine.name).xml"
        try machine.makeDisks(in: pool(host))
        try Data(machine.xml(folder: pool(host)).utf8).write(to: URL(fileURLWithPath: xml))
        try await virsh(host, "define", xml)
    }

    @discardableResult
    private static func run(_ arguments: [String]) async throws -> String {
        try await BlockingPool.shared.run { Result { try Tool.run(script, arguments) } }.get()
    }

    private static var script: String { Repository.path + "/IntegrationTests/embedded" }
}

/// Where the project's own files are, for tests.
package enum Repository {
    /// The top of the working copy.
    package static var path: String {
        #filePath.components(separatedBy: "/Tests/Simulation/").first ?? "."
    }

    /// The agent's executable, built beside the tests.
    package static var agent: String {
        // The link leads to the test bundle or, with newer runners, to the tool that has it loaded.
        let candidates = [Bundle.main.bundlePath, CommandLine.arguments.first ?? ""] + CommandLine.arguments
        for candidate in candidates {
            var folder = URL(fileURLWithPath: candidate)
            for _ in 0..<3 {
                let path = folder.appendingPathComponent("kvm-clone-agent").path
                if access(path, X_OK) == 0 { return path }
                folder.deleteLastPathComponent()
            }
        }
        return path + "/.build/debug/kvm-clone-agent"
    }
}
