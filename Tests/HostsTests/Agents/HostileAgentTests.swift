import AgentProtocol
import Executors
import Foundation
import Glibc
import Model
import Simulation
import Synchronization
import Testing

@testable import Hosts
@testable import SSH

/// An agent that answers with garbage, as a machine in wrong hands would have it.
@Suite(.timeLimit(.minutes(5))) struct HostileAgentTests {
    /// A link to an agent that does what `script` says, on a thread of its own, and ends then.
    private static func link(
        words: String = "", onEvent: @escaping @Sendable (AgentEvent) -> Void = { _ in },
        _ script: @escaping @Sendable (ControlChannel) -> Void
    ) throws -> AgentLink {
        let (near, far) = try ControlChannel.pair()
        let record = ProcessRecord()
        let process = RemoteProcess(record: record, end: { record.finish(.lost("ended")) })
        near.withDescriptor { process.attach(socket: dup($0)) }
        Array(words.utf8).withUnsafeBytes { record.appendError($0) }
        try OSThread.start(name: "hostile") {
            script(far)
            far.close()
            record.finish(.exited(0))
        }
        return try AgentLink(host: "kvm1", process: process, onEvent: onEvent)
    }

    private static func failure<R: AgentRequest>(of request: R, on link: AgentLink) async -> KVMCloneError? {
        do throws(KVMCloneError) {
            _ = try await link.call(request)
            return nil
        } catch {
            return error
        }
    }

    private static func frame(_ text: String) -> [UInt8] {
        ControlFrame.header(for: text.utf8.count) + Array(text.utf8)
    }

    struct Garbage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var says: String
    }

    @Test(
        "Garbage is a connection error that names the host, and the channel is over",
        arguments: [
            Garbage(testDescription: "length 0", bytes: [0, 0, 0, 0], says: "broke"),
            Garbage(testDescription: "length 2^32-1", bytes: [255, 255, 255, 255], says: "broke"),
            Garbage(testDescription: "a shell's greeting", bytes: Array("Welcome to Debian!\n".utf8), says: "broke"),
            Garbage(testDescription: "no JSON", bytes: frame("hello"), says: "broke"),
            Garbage(testDescription: "neither answer nor event", bytes: frame("{}"), says: "broke"),
            Garbage(testDescription: "an unknown event", bytes: frame(#"{"event":{"exploded":{}}}"#), says: "broke"),
            Garbage(testDescription: "half a message", bytes: [0, 0, 0, 99, 123], says: "broke"),
            Garbage(testDescription: "half a length", bytes: [0, 0], says: "broke"),
            Garbage(testDescription: "nothing at all", bytes: [], says: "ended"),
        ])
    func garbage(_ garbage: Garbage) async throws {
        let link = try Self.link(words: "first\nlast words\n") { far in
            _ = far.read()
            far.writeRaw(garbage.bytes)
        }
        let error = try #require(await Self.failure(of: Hello(), on: link))
        #expect(error.code == .connection)
        #expect(error.host == "kvm1")
        #expect(error.message.contains(garbage.says))
        #expect(error.cause?.contains("last words") == true)
        #expect(error.whatToDo?.contains("doctor kvm1") == true)
        #expect(!link.isAlive)
        #expect(await Self.failure(of: Hello(), on: link)?.code == .connection)
        await link.close()
    }

    @Test(
        "An answer that isn't the one to the request fails that call only",
        arguments: [
            #"{"id":1,"ok":{"version":"one"}}"#, #"{"id":1,"ok":[]}"#, #"{"id":1}"#, #"{"id":1,"ok":null}"#,
            #"{"id":1,"error":{"code":1002,"message":"no"}}"#,
        ])
    func wrongAnswer(_ answer: String) async throws {
        let link = try Self.link { far in
            _ = far.read()
            far.write(Data(answer.utf8))
            _ = far.read()
            far.write(Data(#"{"id":2,"ok":[true]}"#.utf8))
            _ = far.read()
        }
        let error = try #require(await Self.failure(of: Hello(), on: link))
        #expect(error.code == .connection)
        #expect(error.host == "kvm1")
        #expect(try await link.call(FilesExist(paths: ["/x"])) == [true])
        await link.close()
    }

    @Test("Answers that nobody waits for are dropped")
    func unknownIDs() async throws {
        let link = try Self.link { far in
            _ = far.read()
            for id in [0, 2, 99, UInt64.max] { far.write(Data(#"{"id":\#(id),"ok":[false]}"#.utf8)) }
            far.write(Data(#"{"id":1,"ok":[true]}"#.utf8))
            far.write(Data(#"{"id":1,"ok":[false]}"#.utf8))
            _ = far.read()
        }
        #expect(try await link.call(FilesExist(paths: ["/x"])) == [true])
        #expect(link.isAlive)
        await link.close()
    }

    @Test("A flood of events that nobody reads takes no memory: the newest are kept")
    func flood() async throws {
        let hub = EventHub()
        let stream = hub.stream()
        let link = try Self.link(onEvent: { hub.send($0) }) { far in
            _ = far.read()
            for number in 0..<20_000 {
                let event = #"{"event":{"receiving":{"_0":{"job":"","done":[],"data":\#(number),"wire":0}}}}"#
                guard far.write(Data(event.utf8)) else { return }
            }
            far.write(Data(#"{"id":1,"ok":[true]}"#.utf8))
            _ = far.read()
        }
        #expect(try await link.call(FilesExist(paths: ["/x"])) == [true])
        hub.finish()
        var kept: [AgentEvent] = []
        for await event in stream { kept.append(event) }
        #expect(kept.count == 256)
        #expect(kept.last == .receiving(ReceivingProgress(job: HexBytes([]), done: [], data: 19_999, wire: 0)))
        await link.close()
    }

    @Test("An agent that says nothing holds up only those who wait, and they can leave")
    func silence() async throws {
        let link = try Self.link { far in while far.read() != nil {} }
        let waiting = Task { await Self.failure(of: FilesExist(paths: []), on: link) }
        while !link.isAsked { await Task.yield() }
        waiting.cancel()
        #expect(await waiting.value?.code == .cancelled)
        #expect(link.isAlive)
        await link.close()
    }

    @Test("An agent that doesn't greet in time is given up with a clear error")
    func silentGreeting() async throws {
        let link = try Self.link(words: "stuck\n") { far in while far.read() != nil {} }
        let error = await #expect(throws: KVMCloneError.self) { try await link.greet(within: 1) }
        #expect(error?.code == .connection)
        #expect(error?.host == "kvm1")
        #expect(error?.message.contains("1 s") == true)
        #expect(!link.isAlive)
        await link.close()
    }

    @Test("Many callers get their own answers, in whatever order they come")
    func manyCallers() async throws {
        let link = try Self.link { far in
            struct Question: Decodable {
                var id: UInt64
                var body: FilesExist
            }
            var questions: [Question] = []
            while questions.count < 50, let message = far.read() {
                if let question = try? JSONDecoder().decode(Question.self, from: message) { questions.append(question) }
            }
            for question in questions.reversed() {
                let answer = question.body.paths.map { $0.hasSuffix("even") }
                far.write(Data(#"{"id":\#(question.id),"ok":\#(answer)}"#.utf8))
            }
            _ = far.read()
        }
        try await withThrowingTaskGroup(of: (Int, [Bool]).self) { group in
            for number in 0..<50 {
                group.addTask {
                    (number, try await link.call(FilesExist(paths: [number.isMultiple(of: 2) ? "even" : "odd"])))
                }
            }
            for try await (number, answer) in group { #expect(answer == [number.isMultiple(of: 2)]) }
        }
        await link.close()
    }
}
