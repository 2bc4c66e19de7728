import AgentProtocol
import Foundation
import Model
import Testing

/// The control channel's words.
@Suite struct FramingTests {
    @Test("A length is read as it was written", arguments: [1, 255, 256, 65_536, ControlFrame.limit])
    func lengths(_ length: Int) throws {
        #expect(try ControlFrame.length(of: ControlFrame.header(for: length)) == length)
    }

    @Test(
        "A length of 0 or above the limit is refused before anything is allocated",
        arguments: [0, ControlFrame.limit + 1, Int(UInt32.max)])
    func badLengths(_ length: Int) {
        #expect(throws: ControlFrameError.badLength(length)) {
            try ControlFrame.length(of: ControlFrame.header(for: length))
        }
    }

    @Test("Bytes travel as hexadecimal text")
    func hex() throws {
        let bytes = HexBytes([0, 15, 16, 255])
        let text = try JSONEncoder().encode([bytes])
        #expect(String(decoding: text, as: UTF8.self) == #"["000f10ff"]"#)
        #expect(try JSONDecoder().decode([HexBytes].self, from: text) == [bytes])
        #expect(
            try JSONDecoder().decode([HexBytes].self, from: Data(#"["AbCd",""]"#.utf8)) == [
                HexBytes([0xab, 0xcd]), HexBytes([]),
            ])
    }

    @Test("What isn't hexadecimal is refused", arguments: ["a", "abc", "0g", "0x12", "é0", " 0", "00 "])
    func badHex(_ text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([HexBytes].self, from: try JSONEncoder().encode([text]))
        }
    }

    @Test("A secret doesn't print itself")
    func secret() {
        let secret = JobSecret(HexBytes([0xde, 0xad]))
        #expect(!"\(secret)".contains("dead"))
        #expect(!String(reflecting: secret).contains("dead"))
        let request = OpenSend(
            job: HexBytes([]), secret: secret, operation: "op", disks: [], roots: [], streams: 1, digests: true,
            compression: .auto,
            bandwidthLimit: nil, stallTimeout: 1)
        #expect(!"\(request)".contains("dead") && !String(reflecting: request).contains("dead"))
    }

    @Test("A request's envelope carries its name and id")
    func request() throws {
        let message = try JSONEncoder().encode(RequestEnvelope(id: 7, body: FilesExist(paths: ["/a"])))
        let head = try JSONDecoder().decode(RequestHead.self, from: message)
        #expect(head.id == 7)
        #expect(head.call == "files.exist")
        #expect(try JSONDecoder().decode(RequestEnvelope<FilesExist>.self, from: message).body.paths == ["/a"])
    }

    @Test("A reply is an answer or an error")
    func replies() throws {
        let good = try JSONEncoder().encode(ReplyEnvelope(id: 1, ok: [true]))
        let bad = try JSONEncoder().encode(ReplyEnvelope<[Bool]>(id: 2, error: KVMCloneError(.transfer, "broken")))
        #expect(try JSONDecoder().decode(ReplyEnvelope<[Bool]>.self, from: good).ok == [true])
        let failed = try JSONDecoder().decode(ReplyEnvelope<[Bool]>.self, from: bad)
        #expect(failed.ok == nil)
        #expect(failed.error?.code == .transfer)
        #expect(try JSONDecoder().decode(ReplyHead.self, from: bad).id == 2)
    }

    @Test("An event has no id")
    func events() throws {
        let progress = ReceivingProgress(job: HexBytes([1]), done: [1, 2], data: 3, wire: 4)
        let message = try JSONEncoder().encode(EventEnvelope(.readingBack(progress)))
        let head = try JSONDecoder().decode(ReplyHead.self, from: message)
        #expect(head.id == nil)
        #expect(head.event == .readingBack(progress))
    }

    @Test(
        "Both ends agree on the highest version that both speak",
        arguments: [([1], 1), ([0, 1, 2, 99], 1), ([99, 1], 1), ([], nil), ([0], nil), ([2], nil), ([-1], nil)]
            as [([Int], Int?)])
    func versions(_ offered: [Int], _ agreed: Int?) {
        #expect(AgentProtocolVersion.agree(with: offered) == agreed)
    }

    @Test("No two requests have the same name on the wire")
    func names() {
        let names = [
            Hello.name, MeasureFolders.name, FilesExist.name, InspectDisk.name, InspectImages.name, Claim.name,
            ReleaseClaims.name, OpenSend.name, OpenReceive.name, Listen.name, ListenLocally.name, Dial.name,
            AwaitPeer.name, Send.name, Receive.name, ReadBack.name, Publish.name, Settle.name, Close.name, Sweep.name,
            OfferPort.name, ProbePort.name, Ping.name, DropPeer.name,
        ]
        #expect(Set(names).count == names.count)
    }
}
