import AgentProtocol
import Foundation
import Model
import Simulation
import Testing

/// Files that are made on a target.
@Suite struct ReceiveTests {
    @Test(
        "A file name that isn't one makes nothing",
        arguments: [
            "../x", "/abs", "a/b", "", ".", "..", "a\u{0}b", "a\nb", "\u{1b}[2J", String(repeating: "x", count: 300),
            ".kvm-clone-OP-0.partial",
        ])
    func evilNames(_ name: String) async throws {
        let fixture = try AgentFixture()
        let request = OpenReceive.one(fixture.pool, name: name, job: .job(of: fixture.id), operation: "\(fixture.id)")
        let refusal = try #require(await failure(of: request, by: fixture.agent))
        #expect(refusal.code == .invalidPath)
        #expect(!refusal.message.contains("\u{1b}") && !refusal.message.contains("\n"))
        #expect(try fixture.names == [])
        try await fixture.end()
    }

    @Test(
        "A folder or operation that isn't one makes nothing",
        arguments: [("relative", "OP"), ("/nonexistent-folder", "OP"), ("", "OP"), ("POOL", "../OP"), ("POOL", "")])
    func evilFolders(_ folder: String, _ operation: String) async throws {
        let fixture = try AgentFixture()
        let request = OpenReceive.one(
            folder == "POOL" ? fixture.pool : folder, job: .job(of: fixture.id), operation: operation)
        #expect(await failure(of: request, by: fixture.agent) != nil)
        #expect(try fixture.names == [])
        try await fixture.end()
    }

    @Test("A size that no file can have makes nothing", arguments: [UInt64.max, UInt64(Int64.max) + 1])
    func evilSizes(_ size: UInt64) async throws {
        let fixture = try AgentFixture()
        let request = OpenReceive.one(fixture.pool, job: .job(of: fixture.id), operation: "\(fixture.id)", size: size)
        #expect(await failure(of: request, by: fixture.agent)?.code == .diskSpace)
        #expect(try fixture.names == [])
        try await fixture.end()
    }

    @Test("When one file of several can't be made, the others are gone again")
    func allOrNothing() async throws {
        let fixture = try AgentFixture()
        var request = OpenReceive.one(fixture.pool, job: .job(of: fixture.id), operation: "\(fixture.id)")
        request.disks.append(.init(index: 1, folder: fixture.pool, fileName: "../x", size: 1, format: "raw"))
        #expect(await failure(of: request, by: fixture.agent) != nil)
        request.disks[1] = .init(index: 1, folder: fixture.pool, fileName: "x", size: 1, format: "vmdk")
        #expect(await failure(of: request, by: fixture.agent) != nil)
        #expect(try fixture.names == [])
        try await fixture.end()
    }

    @Test("Publishing doesn't overwrite a file that came meanwhile", arguments: [true, false])
    func publishKeeps(hasOtherReplaced: Bool) async throws {
        let fixture = try AgentFixture()
        let job = HexBytes.job(of: fixture.id)
        _ = try await fixture.agent.call(OpenReceive.one(fixture.pool, job: job, operation: "\(fixture.id)"))
        try fixture.write("web01-vda.img", "precious")
        let publish = Publish(job: job, rebases: [], replacing: hasOtherReplaced ? ["other.img"] : [])
        let refusal = await failure(of: publish, by: fixture.agent)
        #expect(refusal?.code == .vmExists)
        #expect(try fixture.read("web01-vda.img") == "precious")
        _ = try await fixture.agent.call(Close(job: job))
        #expect(try fixture.names == ["web01-vda.img"])
        try await fixture.end()
    }

    @Test(
        "What is replaced comes back by a sweep, and goes for good when the job is settled", arguments: [true, false])
    func replacing(isSettled: Bool) async throws {
        let fixture = try AgentFixture()
        let job = HexBytes.job(of: fixture.id)
        try fixture.write("web01-vda.img", "old")
        let opened = try await fixture.agent.call(
            OpenReceive.one(fixture.pool, job: job, operation: "\(fixture.id)"))
        _ = try await fixture.agent.call(Publish(job: job, rebases: [], replacing: ["web01-vda.img"]))
        #expect(try fixture.names.count == 2)
        if isSettled {
            _ = try await fixture.agent.call(Settle(job: job))
            #expect(try fixture.names == ["web01-vda.img"])
            #expect(try fixture.read("web01-vda.img") != "old")
        } else {
            _ = try await fixture.agent.call(Close(job: job))
            let path = fixture.pool + "/web01-vda.img"
            let sweep = Sweep(
                operation: "\(fixture.id)", folders: [fixture.pool],
                published: [.init(path: path, identity: try #require(opened.files.first))])
            #expect(try await fixture.agent.call(sweep).paths == [path, path])
            #expect(try fixture.read("web01-vda.img") == "old")
            #expect(try fixture.names == ["web01-vda.img"])
        }
        try await fixture.end()
    }

    @Test("An agent whose channel ends leaves no partial file", arguments: ["raw", "qcow2"])
    func end(format: String) async throws {
        let fixture = try AgentFixture()
        let request = OpenReceive.one(
            fixture.pool, job: .job(of: fixture.id), operation: "\(fixture.id)", size: 1 << 20, format: format)
        _ = try await fixture.agent.call(request)
        #expect(try fixture.names.count == 1)
        try await fixture.end()
        #expect(try fixture.names == [])
    }

    @Test("A job that is closed while it is being opened leaves nothing", arguments: 0..<8)
    func closedWhileOpening(_ round: Int) async throws {
        let fixture = try AgentFixture()
        let job = HexBytes.job(of: fixture.id)
        // A qcow2 image takes a while to be made.
        let request = OpenReceive.one(
            fixture.pool, job: job, operation: "\(fixture.id)", size: 1 << 20, format: "qcow2")
        let opening = Task { await failure(of: request, by: fixture.agent) }
        for _ in 0..<round { await Task.yield() }
        let closed = await failure(of: Close(job: job), by: fixture.agent)
        #expect(closed == nil || closed?.code == .operationNotFound)
        _ = try await fixture.agent.call(Sweep(operation: "\(fixture.id)", folders: [fixture.pool], published: []))
        _ = await opening.value
        #expect(try fixture.names == [])
        #expect(await failure(of: Receive(job: job), by: fixture.agent)?.code == .operationNotFound)
        try await fixture.end()
    }

    @Test("A job of one direction refuses requests of the other, and its id isn't given twice")
    func wrongJob() async throws {
        let fixture = try AgentFixture()
        let job = HexBytes.job(of: fixture.id)
        let request = OpenReceive.one(fixture.pool, job: job, operation: "\(fixture.id)")
        _ = try await fixture.agent.call(request)
        #expect(await failure(of: Send(job: job), by: fixture.agent)?.code == .validation)
        var again = request
        again.operation = "OTHER"
        #expect(await failure(of: again, by: fixture.agent)?.code == .validation)
        #expect(try fixture.names.count == 1)
        try await fixture.end()
    }
}
