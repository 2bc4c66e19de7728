import Agent
import AgentProtocol
import Executors
import Foundation
import Model
import Simulation
import Synchronization
import Testing

/// What comes over the control channel from somebody who doesn't keep to the protocol.
@Suite struct HostileChannelTests {
    /// Sends bytes to a fresh agent and returns its answers until it ends; nil when it doesn't end by itself.
    private static func answers(to bytes: [UInt8], closing: Bool = true) async throws -> [String] {
        let folder = try TemporaryFolder()
        let (near, far) = try ControlChannel.pair()
        let isOver = Mutex(false)
        try OSThread.start(name: "agent") { [folder] in
            far.withDescriptor { AgentServer(input: $0, output: $0, stateFolder: folder.path).run() }
            far.close()
        }
        near.writeRaw(bytes)
        if closing { near.endWriting() }
        return try await withCheckedThrowingContinuation { continuation in
            do {
                try OSThread.start(name: "reader") {
                    var answers: [String] = []
                    while let message = near.read() { answers.append(String(decoding: message, as: UTF8.self)) }
                    isOver.withLock { $0 = true }
                    continuation.resume(returning: answers)
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private static func frame(_ text: String) -> [UInt8] {
        ControlFrame.header(for: text.utf8.count) + Array(text.utf8)
    }

    struct Garbage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
    }

    @Test(
        "What isn't the protocol ends the channel at once, unanswered, though the other end stays open",
        .timeLimit(.minutes(5)),
        arguments: [
            Garbage(testDescription: "length 0", bytes: [0, 0, 0, 0]),
            Garbage(testDescription: "length 2^32-1", bytes: [255, 255, 255, 255]),
            Garbage(testDescription: "a byte over the limit", bytes: ControlFrame.header(for: ControlFrame.limit + 1)),
            Garbage(testDescription: "text", bytes: Array("GET / HTTP/1.1\r\n\r\n".utf8)),
            Garbage(testDescription: "no JSON", bytes: frame("not json")),
            Garbage(testDescription: "JSON of another kind", bytes: frame("[1,2,3]")),
            Garbage(testDescription: "no call", bytes: frame(#"{"id":1}"#)),
            Garbage(testDescription: "an id that is no number", bytes: frame(#"{"id":"x","call":"hello"}"#)),
            Garbage(testDescription: "a negative id", bytes: frame(#"{"id":-1,"call":"hello"}"#)),
            Garbage(testDescription: "invalid UTF-8", bytes: [0, 0, 0, 4, 0xff, 0xfe, 0xff, 0xfe]),
            Garbage(
                testDescription: "a thousand brackets",
                bytes: frame(String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000))),
        ])
    func garbage(_ garbage: Garbage) async throws {
        #expect(try await Self.answers(to: garbage.bytes, closing: false) == [])
    }

    @Test(
        "A channel that ends in the middle of a message is the end",
        arguments: [[0, 0], [0, 0, 0, 9], [0, 0, 0, 9, 123]] as [[UInt8]])
    func truncated(_ bytes: [UInt8]) async throws {
        #expect(try await Self.answers(to: bytes) == [])
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var request: String
        var code: ErrorCode?
    }

    static let job = String(repeating: "ab", count: 16)
    static let key = String(repeating: "07", count: 32)
    static let salt = String(repeating: "09", count: OpenReceive.saltLength)

    private static func receive(
        job: String = job, key: String = key, salt: String = salt, streams: Int = 1
    ) -> String {
        """
        {"id":1,"call":"receive.open","body":{"job":"\(job)","secret":"\(key)","senderSalt":"\(salt)",
        "operation":"OP","streams":\(streams),"digests":true,"stallTimeout":30,"inTrees":false,"continues":false,"disks":[]}}
        """
    }

    @Test(
        "A request that makes no sense is refused with an error, and the agent goes on",
        arguments: [
            Refused(
                testDescription: "an unknown name", request: #"{"id":1,"call":"rm -rf","body":{}}"#, code: .validation),
            Refused(testDescription: "no body", request: #"{"id":1,"call":"claim"}"#),
            Refused(
                testDescription: "a body of another request", request: #"{"id":1,"call":"claim","body":{"paths":[]}}"#),
            Refused(
                testDescription: "a job that nobody has",
                request: #"{"id":1,"call":"send.run","body":{"job":"\#(job)"}}"#,
                code: .operationNotFound),
            Refused(testDescription: "odd hexadecimal", request: #"{"id":1,"call":"job.close","body":{"job":"abc"}}"#),
            Refused(testDescription: "no hexadecimal", request: #"{"id":1,"call":"job.close","body":{"job":"xyxy"}}"#),
            Refused(
                testDescription: "upper-case hexadecimal", request: #"{"id":1,"call":"job.close","body":{"job":"AB"}}"#),
            Refused(
                testDescription: "ports the wrong way round",
                request: #"{"id":1,"call":"probe.offer","body":{"ports":[2000,1000],"seconds":1}}"#),
            Refused(
                testDescription: "a port above 65535",
                request: #"{"id":1,"call":"probe.dial","body":{"address":"127.0.0.1","port":70000,"timeout":1}}"#),
            Refused(testDescription: "a short key", request: receive(key: "0707"), code: .validation),
            Refused(testDescription: "a short salt", request: receive(salt: "09"), code: .validation),
            Refused(testDescription: "a short job", request: receive(job: "ab"), code: .validation),
            Refused(testDescription: "no stream", request: receive(streams: 0)),
            Refused(testDescription: "-1 streams", request: receive(streams: -1)),
            Refused(testDescription: "100000 streams", request: receive(streams: 100_000)),
            Refused(
                testDescription: "a protocol version of the future",
                request: #"{"id":1,"call":"hello","body":{"versions":[99]}}"#,
                code: .connection),
        ])
    func refused(_ row: Refused) async throws {
        let hello = #"{"id":2,"call":"hello","body":{"versions":[1]}}"#
        let answers = try await Self.answers(to: Self.frame(row.request) + Self.frame(hello))
        struct Reply: Decodable {
            var id: UInt64
            var error: KVMCloneError?
        }
        let replies = try answers.map { try JSONDecoder().decode(Reply.self, from: Data($0.utf8)) }
        let refusal = try #require(replies.first { $0.id == 1 })
        let error = try #require(refusal.error)
        if let code = row.code { #expect(error.code == code) }
        #expect(!error.message.isEmpty)
        #expect(replies.first { $0.id == 2 }?.error == nil)
        #expect(replies.count == 2)
    }

    @Test("Times without end are taken as long ones, not as the end of the agent")
    func hugeTimes() async throws {
        let fixture = try AgentFixture()
        let job = HexBytes.job(of: fixture.id)
        _ = try await fixture.agent.call(OpenReceive.one(fixture.pool, job: job, operation: "\(fixture.id)"))
        let waiting = Task {
            await failure(
                of: AwaitPeer(job: job, joint: Joint(.child, links: [0]), peer: "nobody", timeout: .max),
                by: fixture.agent)
        }
        // The answer to a later request shows that the agent lives.
        #expect(try await fixture.agent.call(Hello()).version == 1)
        _ = try await fixture.agent.call(Close(job: job))
        try await fixture.end()
        #expect(await waiting.value != nil)
    }
}
