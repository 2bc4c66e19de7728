import AgentProtocol
import Coordinator
import Foundation
import Glibc
import Model
import Simulation
import Testing

extension Behaviour {
    static let jobs = [
        Behaviour("has a default pool that can be written to") { subject in
            let folder = try await pool(of: subject)
            let measured = try #require(try await subject.driver.call(MeasureFolders(paths: [folder])).first)
            #expect(measured.exists && measured.writable)
            #expect(measured.free > 0 && measured.free <= measured.total)
        },
        Behaviour("publishes a file under its name, and a sweep takes it away again") { subject in
            let folder = try await pool(of: subject)
            let id = OperationID()
            let name = "conformance-\(id).img"
            let path = folder + "/" + name
            let opened = try await subject.driver.call(
                receive(folder, job: .job(of: id), operation: "\(id)", name: name))
            #expect(try await subject.driver.call(FilesExist(paths: [path])) == [false])
            let published = try await subject.driver.call(
                Publish(job: .job(of: id), rebases: [], replacing: []))
            #expect(published.paths == [path])
            #expect(try await subject.driver.call(FilesExist(paths: [path])) == [true])
            let file = Sweep.Published(path: path, identity: try #require(opened.files.first))
            let sweep = Sweep(operation: "\(id)", folders: [folder], published: [file])
            #expect(try await subject.driver.call(sweep).paths == [path])
            #expect(try await subject.driver.call(FilesExist(paths: [path])) == [false])
            _ = try await subject.driver.call(Close(job: .job(of: id)))
        },
        Behaviour("joins a descriptor to a socket of the agent, both ways, and closes it at the end") { subject in
            let folder = try await pool(of: subject)
            let id = OperationID()
            _ = try await subject.driver.call(receive(folder, job: .job(of: id), operation: "\(id)"))
            let path = try await subject.driver.call(
                ListenLocally(
                    job: .job(of: id), joint: Joint(.child, links: [0]), peer: "source",
                    peerSalt: HexBytes([UInt8](repeating: 9, count: 32)))
            ).path
            let (near, far) = try ControlChannel.pair()
            let descriptor = far.withDescriptor { dup($0) }
            far.endWriting()
            // Our own copy goes: from here on the driver's is the only one.
            try await subject.driver.join(descriptor, toSocket: path)
            near.endWriting()
            // Somebody who proves nothing is dropped: the end comes back all the way.
            #expect(await endOf(near))
            _ = try await subject.driver.call(Close(job: .job(of: id)))
        },
        Behaviour("takes and closes a descriptor that can't be joined") { subject in
            let (near, far) = try ControlChannel.pair()
            let descriptor = far.withDescriptor { dup($0) }
            // Over SSH the command starts well and fails on the host: then the end tells.
            _ = await failure { () throws(KVMCloneError) in
                try await subject.driver.join(descriptor, toSocket: "/nonexistent/socket")
            }
            far.close()
            #expect(await endOf(near))
        },
    ]

    /// Waits for the end of a channel on a thread of its own. True when it came.
    private static func endOf(_ channel: ControlChannel) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                while channel.readRaw(1) != nil {}
                continuation.resume(returning: true)
            }
        }
    }
}
