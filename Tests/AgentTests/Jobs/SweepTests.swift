import AgentProtocol
import Foundation
import Model
import Simulation
import Testing

/// Removing what an operation has left.
@Suite struct SweepTests {
    @Test("A sweep removes the partial files of its own operation, and nothing else")
    func ownOnly() async throws {
        let fixture = try AgentFixture()
        let kept = [
            ".kvm-clone-OPB-0.partial", ".kvm-clone-OPA2-0.partial", ".kvm-clone-OPA-0.partial.txt", "OPA", "web01.img",
        ]
        for name in [".kvm-clone-OPA-0.partial", ".kvm-clone-OPA-17.partial"] + kept { try fixture.write(name, name) }
        let answer = try await fixture.agent.call(Sweep(operation: "OPA", folders: [fixture.pool], published: []))
        #expect(
            answer.paths.sorted()
                == [".kvm-clone-OPA-0.partial", ".kvm-clone-OPA-17.partial"].map { fixture.pool + "/" + $0 })
        #expect(try fixture.names == kept.sorted())
        try await fixture.end()
    }

    @Test("A published file is removed only while it is the one that the operation made", arguments: [true, false])
    func identity(isSame: Bool) async throws {
        let fixture = try AgentFixture()
        try fixture.write("web01.img", "somebody's")
        let path = fixture.pool + "/web01.img"
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let inode = try #require(attributes[.systemFileNumber] as? NSNumber).uint64Value
        let device = try #require(attributes[.systemNumber] as? NSNumber).uint64Value
        let published = Sweep.Published(
            path: path, identity: FileIdentity(device: device, inode: isSame ? inode : inode + 1))
        let sweep = Sweep(operation: "OP", folders: [fixture.pool], published: [published])
        #expect(try await fixture.agent.call(sweep).paths == (isSame ? [path] : []))
        #expect(try fixture.names == (isSame ? [] : ["web01.img"]))
        // Done twice, it does no more.
        #expect(try await fixture.agent.call(sweep).paths == [])
        try await fixture.end()
    }

    @Test("Paths that lie elsewhere are not touched", arguments: ["../outside.img", "sub/../../outside.img"])
    func outside(_ name: String) async throws {
        let fixture = try AgentFixture()
        let outside = fixture.folder.path + "/outside.img"
        try Data("x".utf8).write(to: URL(fileURLWithPath: outside))
        let attributes = try FileManager.default.attributesOfItem(atPath: outside)
        let identity = FileIdentity(
            device: try #require(attributes[.systemNumber] as? NSNumber).uint64Value,
            inode: try #require(attributes[.systemFileNumber] as? NSNumber).uint64Value)
        for path in [fixture.pool + "/" + name, outside] {
            let sweep = Sweep(
                operation: "OP", folders: [fixture.pool], published: [.init(path: path, identity: identity)])
            _ = await failure(of: sweep, by: fixture.agent)
            #expect(FileManager.default.fileExists(atPath: outside))
        }
        try await fixture.end()
    }

    @Test("A folder that isn't there has nothing to sweep")
    func missing() async throws {
        let fixture = try AgentFixture()
        let sweep = Sweep(operation: "OP", folders: [fixture.pool + "/gone"], published: [])
        #expect(try await fixture.agent.call(sweep).paths == [])
        try await fixture.end()
    }
}
