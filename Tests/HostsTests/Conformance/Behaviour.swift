import AgentProtocol
import Coordinator
import Foundation
import Glibc
import Model
import Simulation
import Testing

/// One thing that every driver does in the same way.
struct Behaviour: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var check: @Sendable (Subject) async throws -> Void

    init(_ testDescription: String, _ check: @escaping @Sendable (Subject) async throws -> Void) {
        self.testDescription = testDescription
        self.check = check
    }

    static let all = agents + jobs + libvirt

    /// The error that a call ends with; nil when it ends well.
    static func failure<Value>(
        _ call: () async throws(KVMCloneError) -> Value
    ) async -> KVMCloneError? {
        do throws(KVMCloneError) {
            _ = try await call()
            return nil
        } catch {
            return error
        }
    }

    static let agents = [
        Behaviour("greets with a version and a process") { subject in
            let hello = try await subject.driver.greet()
            #expect(hello.version == AgentProtocolVersion.current)
            #expect(hello.processID > 0)
            #expect(!hello.hostName.isEmpty && !hello.architecture.isEmpty)
        },
        Behaviour("keeps one agent for many calls at once") { subject in
            let ids = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<20 { group.addTask { try await subject.driver.call(Hello()).processID } }
                return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        },
        Behaviour("names the host in the agent's errors") { subject in
            let job = HexBytes.job(of: OperationID())
            let error = await failure { () throws(KVMCloneError) in try await subject.driver.call(Close(job: job)) }
            #expect(error?.code == .operationNotFound)
            #expect(error?.host == subject.driver.name)
        },
        Behaviour("gives a name to one operation at a time") { subject in
            let name = "conformance-\(OperationID())"
            let (mine, other) = (OperationID().description, OperationID().description)
            _ = try await subject.driver.call(Claim(.target(name: name), operation: mine))
            let refusal = await failure { () throws(KVMCloneError) in
                try await subject.driver.call(Claim(.target(name: name), operation: other))
            }
            #expect(refusal?.exitCode == .tryAgain)
            _ = try await subject.driver.call(ReleaseClaims(operation: mine))
            _ = try await subject.driver.call(Claim(.target(name: name), operation: OperationID().description))
        },
        Behaviour("lets a cancelled caller go at once") { subject in
            let ports: ClosedRange<UInt16> = 50_000...59_999
            _ = try await subject.driver.greet()
            let job = HexBytes.job(of: OperationID())
            let folder = try await pool(of: subject)
            _ = try await subject.driver.call(receive(folder, job: job))
            _ = try await subject.driver.call(
                Listen(
                    job: job, joint: Joint(.child, links: [0]), peer: "nobody",
                    peerSalt: HexBytes([UInt8](repeating: 1, count: 32)), ports: ports))
            let waiting = Task {
                await failure { () throws(KVMCloneError) in
                    try await subject.driver.call(
                        AwaitPeer(
                            job: job, joint: Joint(.child, links: [0]), peer: "nobody", timeout: 600))
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            waiting.cancel()
            #expect(await waiting.value?.code == .cancelled)
            _ = try await subject.driver.call(Close(job: job))
        },
        Behaviour("starts another agent when one has ended, which knows nothing of its jobs") { subject in
            guard let killAgent = subject.killAgent else { return }
            let job = HexBytes.job(of: OperationID())
            let id = OperationID().description
            let folder = try await pool(of: subject)
            _ = try await subject.driver.call(Claim(.target(name: "conformance"), operation: id))
            _ = try await subject.driver.call(receive(folder, job: job, operation: id))
            try await killAgent()
            var error: KVMCloneError?
            // The end may be noticed a moment later: until then the channel takes requests that nobody answers.
            repeat {
                error = await failure { () throws(KVMCloneError) in try await subject.driver.call(Receive(job: job)) }
            } while error?.code == .connection
            #expect(error?.code == .operationNotFound)
            _ = try await subject.driver.call(Sweep(operation: id, folders: [folder], published: []))
            // The kernel, or the agent's own end, gives the claim back; the name stays the operation's.
            var refusal: KVMCloneError?
            for _ in 0..<200 {
                refusal = await failure { () throws(KVMCloneError) in
                    try await subject.driver.call(
                        Claim(.target(name: "conformance"), operation: id, fence: 2))
                }
                if refusal == nil { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(refusal == nil)
        },
        Behaviour("pings an agent that runs, and nobody where none does") { subject in
            try await subject.driver.ping()
            _ = try await subject.driver.greet()
            try await subject.driver.ping()
        },
        Behaviour("gives up an agent that hangs: whoever waits gets the reason, and the next call another agent") {
            subject in
            guard let hangAgent = subject.hangAgent else { return }
            let first = try await subject.driver.greet().processID
            let goOn = try await hangAgent()
            let waiting = Task {
                await failure { () throws(KVMCloneError) in try await subject.driver.call(FilesExist(paths: [])) }
            }
            let pinging = Task { await failure { () throws(KVMCloneError) in try await subject.driver.ping() } }
            try await Task.sleep(for: .milliseconds(100))
            await subject.driver.abandon(KVMCloneError(.connection, "it hangs", host: subject.driver.name))
            #expect(await waiting.value?.message == "it hangs")
            #expect(await pinging.value?.code == .connection)
            goOn()
            let second = try await subject.driver.greet().processID
            // In memory all agents are in this process.
            #expect(second != first || first == getpid())
        },
        Behaviour("ends events and calls when it is closed") { subject in
            _ = try await subject.driver.greet()
            let events = await subject.driver.agentEvents()
            await subject.driver.close()
            for await _ in events {}
            let error = await failure { () throws(KVMCloneError) in try await subject.driver.call(Hello()) }
            #expect(error?.code == .connection)
            #expect(error?.host == subject.driver.name)
            let other = await failure { () throws(KVMCloneError) in try await subject.driver.call(FilesExist(paths: []))
            }
            #expect(other?.code == .connection)
        },
    ]

    /// The folder behind the default pool.
    static func pool(of subject: Subject) async throws -> String {
        let profile = try await subject.driver.profile()
        let facts = try await subject.driver.hypervisor()
        let declared = profile.pools[profile.defaultPool]
        return try #require(declared ?? facts.pools.first { $0.name == profile.defaultPool }?.path)
    }

    /// A request for one small file.
    static func receive(
        _ folder: String, job: HexBytes, operation: String = OperationID().description, name: String = "conformance.img"
    ) -> OpenReceive {
        OpenReceive(
            job: job, secret: JobSecret(HexBytes([UInt8](repeating: 7, count: 32))),
            senderSalt: HexBytes([UInt8](repeating: 9, count: 32)), operation: operation,
            disks: [.init(index: 0, folder: folder, fileName: name, size: 4096, format: "raw")], streams: 1,
            digests: true, stallTimeout: 60)
    }
}
