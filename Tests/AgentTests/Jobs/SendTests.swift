import AgentProtocol
import Foundation
import Model
import Simulation
import Testing

/// What a source tells of its disks, and what it keeps for a later run.
@Suite struct SendTests {
    private static let size = 33 << 20 + 5

    /// An agent with a disk of which most is data.
    private static func fixture() throws -> AgentFixture {
        let fixture = try AgentFixture()
        var bytes = [UInt8](repeating: 0, count: size)
        for place in stride(from: 0, to: size - 5000, by: 5000) {
            bytes[place] = UInt8(truncatingIfNeeded: place / 5000)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: fixture.pool + "/web01.img"))
        return fixture
    }

    private static func digests(_ fixture: AgentFixture) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path + "/state/digests").sorted()
    }

    /// Reads all of a disk for its root, with nobody to send it to.
    private static func hash(_ fixture: AgentFixture, by agent: InProcessAgent, job: HexBytes) async throws
        -> Send.Response
    {
        _ = try await agent.call(RunDry(job: job))
        return try await agent.call(Send(job: job, ranges: [[]]))
    }

    @Test("A generation stays while the disk does, and is another one after a write")
    func generation() async throws {
        let fixture = try Self.fixture()
        var found: [HexBytes?] = []
        for number: UInt8 in 1...3 {
            let job = HexBytes([UInt8](repeating: number, count: 16))
            let opened = try await fixture.agent.call(OpenSend.one(fixture, job: job))
            found += opened.generations
            _ = try await fixture.agent.call(Close(job: job))
            if number == 2 { try fixture.write("web01.img", "another one") }
        }
        #expect(found.count == 3 && found[0]?.bytes.count == 32)
        #expect(found[0] == found[1] && found[1] != found[2])
        try await fixture.end()
    }

    @Test("What a guest sees of a chain is another generation when a backing image was touched")
    func chain() async throws {
        let fixture = try Self.fixture()
        let base = fixture.pool + "/web01.img"
        let top = fixture.pool + "/top.qcow2"
        let create = Process()
        create.executableURL = URL(fileURLWithPath: "/usr/bin/qemu-img")
        create.arguments = ["create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", top]
        try create.run()
        create.waitUntilExit()
        var found: [HexBytes?] = []
        for number: UInt8 in 1...3 {
            let job = HexBytes([UInt8](repeating: number, count: 16))
            var request = OpenSend.one(fixture, job: job)
            request.disks[0].image = ImageReference(path: top, format: "qcow2")
            request.disks[0].guestView = true
            request.disks[0].locked.append(request.disks[0].image)
            found += try await fixture.agent.call(request).generations
            _ = try await fixture.agent.call(Close(job: job))
            if number == 2 { #expect(utimes(base, nil) == 0) }
        }
        #expect(found[0] != nil && found[0] == found[1] && found[1] != found[2])
        try await fixture.end()
    }

    enum End: CaseIterable { case suspend, channel, close }

    @Test("What was hashed is kept unless the job is closed, and isn't read again", arguments: End.allCases)
    func kept(_ end: End) async throws {
        let fixture = try Self.fixture()
        let job = HexBytes([UInt8](repeating: 1, count: 16))
        _ = try await fixture.agent.call(OpenSend.one(fixture, job: job))
        #expect(try Self.digests(fixture) == ["\(fixture.id)-0"])
        let first = try await Self.hash(fixture, by: fixture.agent, job: job)
        #expect(first.hashedBytes == UInt64(Self.size) && first.knownBytes == 0)
        #expect(first.dataBytes == 0 && first.stages["read"] != nil)
        switch end {
        case .suspend: #expect(try await fixture.agent.call(Suspend(job: job)).kept == 0)
        case .channel: try await fixture.end()
        case .close: _ = try await fixture.agent.call(Close(job: job))
        }
        #expect(try Self.digests(fixture).isEmpty == (end == .close))
        let agent = try fixture.second()
        let again = HexBytes([UInt8](repeating: 2, count: 16))
        _ = try await agent.call(OpenSend.one(fixture, job: again))
        let second = try await Self.hash(fixture, by: agent, job: again)
        #expect(second.roots == first.roots)
        let isKnown = end != .close
        #expect(second.knownBytes == (isKnown ? UInt64(Self.size) : 0))
        #expect(second.hashedBytes == (isKnown ? 0 : UInt64(Self.size)))
        #expect(isKnown == (second.stages["read"] == nil))
        try await fixture.end(agent)
    }

    @Test("A disk that was written since is read again")
    func changed() async throws {
        let fixture = try Self.fixture()
        let (job, again) = (HexBytes([UInt8](repeating: 1, count: 16)), HexBytes([UInt8](repeating: 2, count: 16)))
        _ = try await fixture.agent.call(OpenSend.one(fixture, job: job))
        let first = try await Self.hash(fixture, by: fixture.agent, job: job)
        _ = try await fixture.agent.call(Suspend(job: job))
        let handle = try #require(FileHandle(forWritingAtPath: fixture.pool + "/web01.img"))
        try handle.write(contentsOf: Data("written".utf8))
        try handle.close()
        _ = try await fixture.agent.call(OpenSend.one(fixture, job: again))
        let second = try await Self.hash(fixture, by: fixture.agent, job: again)
        #expect(second.knownBytes == 0 && second.roots != first.roots)
        try await fixture.end()
    }

    @Test("Digests that nobody has used for a month are removed when a job opens")
    func old() async throws {
        let fixture = try Self.fixture()
        let folder = fixture.folder.path + "/state/digests"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, days) in [("old", 31.0), ("young", 29.0)] {
            #expect(FileManager.default.createFile(atPath: folder + "/" + name, contents: nil))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -days * 86400)], ofItemAtPath: folder + "/" + name)
        }
        let job = HexBytes([UInt8](repeating: 1, count: 16))
        _ = try await fixture.agent.call(OpenSend.one(fixture, job: job))
        #expect(try Self.digests(fixture) == ["\(fixture.id)-0", "young"])
        try await fixture.end()
    }

    @Test("An operation that isn't one, and ranges that fit no disk, are refused")
    func invalid() async throws {
        let fixture = try Self.fixture()
        let job = HexBytes([UInt8](repeating: 1, count: 16))
        var request = OpenSend.one(fixture, job: job)
        request.operation = "../evil"
        #expect(await failure(of: request, by: fixture.agent)?.code == .validation)
        _ = try await fixture.agent.call(OpenSend.one(fixture, job: job))
        let bad: [[[[UInt64]]]] = [[], [[], []], [[[0]]], [[[1, 0]]], [[[1, 65536]]], [[[0, UInt64.max]]]]
        for ranges in bad {
            #expect(await failure(of: Send(job: job, ranges: ranges), by: fixture.agent)?.code == .validation)
            let digests = ranges.map { HexBytes([UInt8](repeating: 0, count: 32 * $0.count)) }
            let compare = CompareTail(job: job, disks: ranges, digests: digests)
            #expect(await failure(of: compare, by: fixture.agent)?.code == .validation)
        }
        let lacking = CompareTail(job: job, disks: [[[0, 65536]]], digests: [HexBytes([])])
        #expect(await failure(of: lacking, by: fixture.agent)?.code == .validation)
        try await fixture.end()
    }

    @Test("Leaves of a target's tail are compared")
    func compare() async throws {
        let fixture = try Self.fixture()
        let job = HexBytes([UInt8](repeating: 1, count: 16))
        _ = try await fixture.agent.call(OpenSend.one(fixture, job: job))
        let wrong = CompareTail(
            job: job, disks: [[[0, 131_072]]], digests: [HexBytes([UInt8](repeating: 0, count: 64))])
        #expect(try await fixture.agent.call(wrong).same == [[]])
        // The disk ends with a leaf of five zeros: SHA-256 of those.
        let zeros = "8855508aade16ec573d21e6a485dfd0a7624085c1a14b5ecdd6485de0c6839a4"
        let end = UInt64(Self.size)
        let right = CompareTail(
            job: job, disks: [[[end - 5, end]]],
            digests: [try JSONDecoder().decode(HexBytes.self, from: Data("\"\(zeros)\"".utf8))])
        #expect(try await fixture.agent.call(right).same == [[[end - 5, end]]])
        _ = try await fixture.agent.call(Close(job: job))
        #expect(await failure(of: right, by: fixture.agent)?.code == .operationNotFound)
        try await fixture.end()
    }
}

extension OpenSend {
    /// A request for the one disk of the fixture.
    fileprivate static func one(_ fixture: AgentFixture, job: HexBytes) -> OpenSend {
        let image = ImageReference(path: fixture.pool + "/web01.img", format: "raw")
        return OpenSend(
            job: job, secret: JobSecret(HexBytes([UInt8](repeating: 7, count: 32))), operation: "\(fixture.id)",
            disks: [Disk(index: 0, image: image, guestView: false, locked: [image], exportName: "web01/vda")],
            roots: [fixture.pool], streams: 2, digests: true, compression: .off, bandwidthLimit: nil,
            stallTimeout: 30, inTrees: true)
    }
}
