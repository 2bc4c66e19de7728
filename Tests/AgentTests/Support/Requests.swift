import AgentProtocol
import Foundation
import Model
import Simulation

extension OpenReceive {
    /// A request for one file of 64 KiB.
    static func one(
        _ folder: String, name: String = "web01-vda.img", job: HexBytes, operation: String, size: UInt64 = 64 << 10,
        format: String = "raw", streams: Int = 1
    ) -> OpenReceive {
        OpenReceive(
            job: job, secret: JobSecret(HexBytes([UInt8](repeating: 7, count: 32))),
            senderSalt: HexBytes([UInt8](repeating: 9, count: saltLength)), operation: operation,
            disks: [Disk(index: 0, folder: folder, fileName: name, size: size, format: format)], streams: streams,
            digests: true, stallTimeout: 30)
    }

    /// Bytes of a salt.
    static let saltLength = 32
}

/// An agent with a pool of its own.
struct AgentFixture {
    let folder: TemporaryFolder
    let pool: String
    let agent: InProcessAgent
    let id = OperationID()

    init() throws {
        folder = try TemporaryFolder()
        pool = try folder.folder("pool")
        agent = try InProcessAgent(host: "here", stateFolder: try folder.folder("state"))
    }

    /// Another agent on the same machine.
    func second() throws -> InProcessAgent {
        try InProcessAgent(host: "here too", stateFolder: folder.path + "/state")
    }

    /// All names in the pool, hidden ones included.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: pool).sorted() }
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: pool + "/" + name))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: pool + "/" + name)), as: UTF8.self)
    }

    /// Ends the agents and waits for that.
    func end(_ others: InProcessAgent...) async throws {
        for agent in [agent] + others {
            agent.kill()
            while agent.isServing { try await Task.sleep(for: .milliseconds(5)) }
        }
    }
}

/// The error that a call ends with; nil when it ends well.
func failure<R: AgentRequest>(of request: R, by agent: InProcessAgent) async -> KVMCloneError? {
    do throws(KVMCloneError) {
        _ = try await agent.call(request)
        return nil
    } catch {
        return error
    }
}
