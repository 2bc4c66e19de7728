import AgentProtocol
import DataPlane
import Foundation
import Model
import Synchronization
import Testing

@testable import Agent

/// How a backup is ended, with a virsh that answers what a test wants.
@Suite("The end of a backup")
struct BackupEndingTests {
    private static let uuid = "6a1e1c1e-0000-4000-8000-0000000000a1"
    private static let failure = ToolError.failed(tool: "virsh", status: 1, messages: "error")

    /// What a libvirt would say, and what it was asked.
    private final class FakeVirsh: Sendable {
        struct State {
            var isRunning: Bool
            var socket: String
            var answers = true
            var aborts = true
            /// Looks at the backup that fail, though it runs.
            var failingLooks = 0
            var failure = BackupEndingTests.failure
            var calls: [String] = []
        }

        let state: Mutex<State>

        init(isRunning: Bool, socket: String = "/var/lib/libvirt/qemu/kvm-clone-OP/nbd") {
            state = Mutex(State(isRunning: isRunning, socket: socket))
        }

        var calls: [String] { state.withLock { $0.calls } }

        func run(_ words: [String]) throws(ToolError) -> String {
            let (state, word) = state.withLock { state -> (State, String) in
                state.calls.append(words[0])
                if words[0] == "backup-dumpxml", state.failingLooks > 0 {
                    state.failingLooks -= 1
                    return (state, "fails")
                }
                defer { if words[0] == "domjobabort", state.aborts { state.isRunning = false } }
                return (state, words[0])
            }
            guard word != "fails" else { throw state.failure }
            guard state.answers else { throw BackupEndingTests.failure }
            switch word {
            case "backup-dumpxml":
                guard state.isRunning else { throw BackupEndingTests.failure }
                return "<domainbackup><server transport='unix' socket='\(state.socket)'/></domainbackup>"
            case "list": return "\(BackupEndingTests.uuid)\n"
            default: return ""
            }
        }
    }

    private func ending(_ virsh: FakeVirsh, folders: [String] = []) throws -> BackupEnding {
        try BackupEnding(
            BackupIdentity(operation: "OP", domain: Self.uuid, folders: folders),
            virsh: { words throws(ToolError) in try virsh.run(words) })
    }

    @Test("a job of this operation is aborted, and its scratch files go")
    func ends() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kc-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in [".kvm-clone-OP-0.scratch", ".kvm-clone-OTHER-0.scratch", "web.img"] {
            #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil))
        }
        let virsh = FakeVirsh(isRunning: true)
        try ending(virsh, folders: [folder]).run()
        #expect(virsh.calls.contains("domjobabort"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                == [".kvm-clone-OTHER-0.scratch", "web.img"])
    }

    @Test("a libvirt that comes back just then, or takes too long, isn't taken for one without a backup")
    func uncertain() throws {
        let back = FakeVirsh(isRunning: true)
        back.state.withLock { $0.failingLooks = 1 }
        try ending(back).run()
        #expect(back.calls.contains("domjobabort"))
        let slow = FakeVirsh(isRunning: true)
        slow.state.withLock { state in
            state.failingLooks = 1
            state.failure = .timedOut(tool: "virsh", messages: "")
        }
        #expect(throws: ToolError.self) { try ending(slow).run() }
        #expect(!slow.calls.contains("domjobabort"))
    }

    @Test("somebody else's job goes on, and one that has ended is no error")
    func others() throws {
        let other = FakeVirsh(isRunning: true, socket: "/var/lib/libvirt/qemu/other")
        try ending(other).run()
        #expect(!other.calls.contains("domjobabort"))
        let none = FakeVirsh(isRunning: false)
        try ending(none).run()
        #expect(!none.calls.contains("domjobabort"))
    }

    @Test("when libvirt doesn't answer nothing is removed, and that is an error")
    func silent() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kc-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let scratch = "\(folder)/.kvm-clone-OP-0.scratch"
        #expect(FileManager.default.createFile(atPath: scratch, contents: nil))
        let virsh = FakeVirsh(isRunning: true)
        virsh.state.withLock { $0.answers = false }
        #expect(throws: ToolError.self) { try ending(virsh, folders: [folder]).run() }
        #expect(FileManager.default.fileExists(atPath: scratch))
        #expect(throws: ToolError.self) { try ending(virsh).thaw() }
    }

    @Test("an operation's id that would lead elsewhere is refused", arguments: ["", "../x", "a/b", "a b"])
    func badOperation(_ operation: String) {
        #expect(throws: KVMCloneError.self) {
            try BackupEnding(BackupIdentity(operation: operation, domain: Self.uuid, folders: []))
        }
    }
}
