import Glibc
import Testing

@testable import DataPlane

@Suite("A server that does not keep to the protocol")
struct HostileServerTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    struct BadHandshake: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var kind: NBDError.Kind
        var server: FakeHandshake

        init(_ name: String, _ kind: NBDError.Kind = .violation, _ change: (inout FakeHandshake) -> Void) {
            testDescription = name
            self.kind = kind
            server = FakeHandshake()
            change(&server)
        }
    }

    static let handshakes = [
        BadHandshake("garbage instead of a greeting") { $0.greeting = 0x4854_5450_2F31_2E31 },
        BadHandshake("oldstyle", .refused) { $0.flags = 0 },
        BadHandshake("an answer without its signature") { $0.replyMagic = 1 },
        BadHandshake("an answer to another option") { $0.option = 99 },
        BadHandshake("an answer of 4 GiB") { $0.infoLength = UInt32.max },
        BadHandshake("an unknown answer to the choice of an export") { $0.goType = 77 },
        BadHandshake("no size") { $0.infos = [] },
        BadHandshake("a size of 2^64 - 1") { $0.infos = [FakeHandshake.exportInfo(size: UInt64.max)] },
        BadHandshake("a size of 2^63") { $0.infos = [FakeHandshake.exportInfo(size: 1 << 63)] },
        BadHandshake("no flags") { $0.infos = [FakeHandshake.exportInfo(size: 1, flags: 0)] },
        BadHandshake("a short description") { $0.infos = [bytes(UInt16(0), UInt32(1))] },
        BadHandshake("an empty piece of information") { $0.infos = [[]] },
        BadHandshake("another export") { $0.infos.append(bytes(UInt16(1)) + Array("vm2/vda".utf8)) },
        BadHandshake("a block size of 0") { $0.infos.append(bytes(UInt16(3), UInt32(0), UInt32(0), UInt32(4096))) },
        BadHandshake("a block size of 3") { $0.infos.append(bytes(UInt16(3), UInt32(3), UInt32(3), UInt32(4096))) },
        BadHandshake("a context that was not asked for") { $0.contexts = [(1, "qemu:other")] },
        BadHandshake("contexts without end") {
            $0.contexts = Array(repeating: (1, NBDClient.allocationContext), count: 100)
        },
        BadHandshake("a refusal", .refused) { $0.goError = (NBDProtocol.OptionReply.errorBit | 6, "no such export\n") },
        BadHandshake("contexts refused", .refused) { $0.contextError = NBDProtocol.OptionReply.errorBit | 3 },
    ]

    @Test("is dropped in the handshake", arguments: handshakes)
    func handshake(bad: BadHandshake) throws {
        try FakeServer.with(in: folder) {
            try $0.handshake(bad.server)
        } test: { path in
            let error = #expect(throws: NBDError.self) { try NBDClient(path: path, export: "vm/vda") }
            #expect(error?.kind == bad.kind)
            #expect(error?.description.contains("vm/vda") == true)
            #expect(error?.description.contains("\n") == false)
        }
    }

    @Test("that leaves in the handshake is told from one that can't be reached")
    func gone() throws {
        try FakeServer.with(in: folder) {
            try $0.send([0x4E, 0x42])
        } test: { path in
            #expect(throws: NBDError.self) { try NBDClient(path: path, export: "e") }
            let error = #expect(throws: NBDError.self) { try NBDClient(path: folder.file("none"), export: "e") }
            #expect(error?.kind == .unreachable)
            #expect(throws: NBDError.self) {
                try NBDClient(path: "/" + String(repeating: "x", count: 200), export: "e")
            }
        }
    }

    struct BadAnswer: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var kind: NBDError.Kind
        var isStructured: Bool
        var answer: @Sendable (Peer, Peer.Request) throws -> Void

        init(
            _ name: String, _ kind: NBDError.Kind = .violation, isStructured: Bool = true,
            _ answer: @escaping @Sendable (Peer, Peer.Request) throws -> Void
        ) {
            testDescription = name
            self.kind = kind
            self.isStructured = isStructured
            self.answer = answer
        }
    }

    private static let data = [UInt8](repeating: 5, count: 4096)

    static let reads = [
        BadAnswer("garbage") { peer, _ in try peer.send([UInt8](repeating: 0xEE, count: 64)) },
        BadAnswer("another request's answer") { try $0.chunk(1, cookie: $1.cookie + 1, bytes($1.offset) + data) },
        BadAnswer("a simple answer") { try $0.send(bytes(NBDProtocol.simpleReplyMagic, UInt32(0), $1.cookie) + data) },
        BadAnswer("a structured answer that was not agreed", isStructured: false) {
            try $0.chunk(1, cookie: $1.cookie, bytes($1.offset) + data)
        },
        BadAnswer("data of 4 GiB") { try $0.chunk(1, cookie: $1.cookie, length: UInt32.max, bytes($1.offset)) },
        BadAnswer("one byte too much") { try $0.chunk(1, cookie: $1.cookie, bytes($1.offset) + data + [0]) },
        BadAnswer("one byte too few") { try $0.chunk(1, cookie: $1.cookie, bytes($1.offset) + data.dropLast()) },
        BadAnswer("data at another offset") { try $0.chunk(1, cookie: $1.cookie, bytes($1.offset + 4096) + data) },
        BadAnswer("data before the offset") { try $0.chunk(1, cookie: $1.cookie, bytes(UInt64(0)) + data) },
        BadAnswer("data twice") { peer, request in
            try peer.chunk(1, cookie: request.cookie, done: false, bytes(request.offset) + data)
            try peer.chunk(1, cookie: request.cookie, bytes(request.offset) + data)
        },
        BadAnswer("an empty data chunk") { try $0.chunk(1, cookie: $1.cookie, bytes($1.offset)) },
        BadAnswer("a chunk too short for its offset") { try $0.chunk(1, cookie: $1.cookie, [1, 2, 3]) },
        BadAnswer("a hole of 4 GiB") { try $0.chunk(2, cookie: $1.cookie, bytes($1.offset, UInt32.max)) },
        BadAnswer("a hole of 0 bytes") { try $0.chunk(2, cookie: $1.cookie, bytes($1.offset, UInt32(0))) },
        BadAnswer("a hole of another shape") { try $0.chunk(2, cookie: $1.cookie, bytes($1.offset)) },
        BadAnswer("nothing at all") { try $0.chunk(0, cookie: $1.cookie) },
        BadAnswer("an empty chunk with bytes") { try $0.chunk(0, cookie: $1.cookie, [1]) },
        BadAnswer("an unknown chunk") { try $0.chunk(99, cookie: $1.cookie, length: UInt32.max) },
        BadAnswer("a block status") { try $0.chunk(5, cookie: $1.cookie, bytes(UInt32(7), UInt32(4096), UInt32(0))) },
        BadAnswer("an error of 4 GiB") { try $0.chunk(0x8001, cookie: $1.cookie, length: UInt32.max) },
        BadAnswer("an error without a number") { try $0.chunk(0x8001, cookie: $1.cookie, bytes(UInt32(0), UInt16(0))) },
        BadAnswer("an error whose message is cut") {
            try $0.chunk(0x8001, cookie: $1.cookie, bytes(UInt32(5), UInt16(9)))
        },
        BadAnswer("errors without end") { peer, request in
            for _ in 0..<1000 {
                try peer.chunk(0x8001, cookie: request.cookie, done: false, bytes(UInt32(5), UInt16(0)))
            }
        },
        BadAnswer("half an answer", .disconnected) { peer, request in
            try peer.chunk(1, cookie: request.cookie, length: 8 + 4096, bytes(request.offset) + data.prefix(100))
            throw Peer.Gone()
        },
        BadAnswer("half a header", .disconnected) { peer, _ in
            try peer.send([0x66, 0x8E])
            throw Peer.Gone()
        },
        BadAnswer("silence", .timedOut) { _, _ in },
    ]

    @Test("is dropped in the answer to a read, and not asked again", arguments: reads)
    func read(bad: BadAnswer) throws {
        try serve(bad) { path in
            let client = try NBDClient(path: path, export: "e", connections: 1, timeout: 1)
            var buffer = [UInt8](repeating: 0, count: 4096)
            for _ in 0..<2 {
                let error = #expect(throws: NBDError.self) {
                    try buffer.withUnsafeMutableBytes { try client.read(into: $0, at: 8192) }
                }
                #expect(error?.kind == bad.kind)
            }
        }
    }

    static let statuses = [
        BadAnswer("an empty run") { try $0.chunk(5, cookie: $1.cookie, bytes(UInt32(7), UInt32(0), UInt32(0))) },
        BadAnswer("no run") { try $0.chunk(5, cookie: $1.cookie, bytes(UInt32(7))) },
        BadAnswer("half a run") { try $0.chunk(5, cookie: $1.cookie, bytes(UInt32(7), UInt32(1), UInt16(0))) },
        BadAnswer("4 GiB of runs") { try $0.chunk(5, cookie: $1.cookie, length: UInt32.max, bytes(UInt32(7))) },
        BadAnswer("an unknown context") { try $0.chunk(5, cookie: $1.cookie, bytes(UInt32(8), UInt32(1), UInt32(0))) },
        BadAnswer("nothing") { try $0.chunk(0, cookie: $1.cookie) },
        BadAnswer("a simple answer") { try $0.send(bytes(NBDProtocol.simpleReplyMagic, UInt32(0), $1.cookie)) },
        BadAnswer("one context twice") { peer, request in
            let run = bytes(UInt32(7), UInt32(1), UInt32(0))
            try peer.chunk(5, cookie: request.cookie, done: false, run)
            try peer.chunk(5, cookie: request.cookie, run)
        },
    ]

    @Test("is dropped in the answer to a block status", arguments: statuses)
    func status(bad: BadAnswer) throws {
        try serve(bad) { path in
            let source = NBDSource(try NBDClient(path: path, export: "e", connections: 1, timeout: 1))
            let error = #expect(throws: NBDError.self) { try source.extents(in: 0..<1 << 20) }
            #expect(error?.kind == .violation)
        }
    }

    private func serve(_ bad: BadAnswer, test: (String) throws -> Void) throws {
        try FakeServer.with(
            in: folder,
            { peer in
                try peer.handshake(FakeHandshake.with { $0.isStructured = bad.isStructured })
                let request = try peer.request()
                try bad.answer(peer, request)
                peer.waitForEnd()
            }, test: test)
    }

    @Test("that reports an error for one request is asked again")
    func serverError() throws {
        try FakeServer.with(in: folder) { peer in
            try peer.handshake()
            let first = try peer.request()
            let message = "bad\u{1B} sector"
            try peer.chunk(
                0x8001, cookie: first.cookie, bytes(UInt32(5), UInt16(message.utf8.count)) + Array(message.utf8))
            let second = try peer.request()
            try peer.chunk(1, cookie: second.cookie, done: false, bytes(second.offset) + Self.data.prefix(96))
            try peer.chunk(2, cookie: second.cookie, done: false, bytes(second.offset + 96, UInt32(4000)))
            try peer.chunk(0, cookie: second.cookie)
            peer.waitForEnd()
        } test: { path in
            let client = try NBDClient(path: path, export: "e", connections: 1)
            var buffer = [UInt8](repeating: 1, count: 4096)
            let error = #expect(throws: DiskError.self) {
                try buffer.withUnsafeMutableBytes { try client.read(into: $0, at: 512) }
            }
            #expect(error?.kind == .medium)
            #expect(error?.offset == 512)
            #expect(error?.detail == "bad\\u{1b} sector")
            try buffer.withUnsafeMutableBytes { try client.read(into: $0, at: 512) }
            #expect(buffer == [UInt8](repeating: 5, count: 96) + [UInt8](repeating: 0, count: 4000))
        }
    }

    @Test("that reports a full disk is told from others, with simple answers too")
    func full() throws {
        try FakeServer.with(in: folder) { peer in
            try peer.handshake(FakeHandshake.with { $0.isStructured = false })
            let request = try peer.request()
            _ = try peer.receive(Int(request.length))
            try peer.send(bytes(NBDProtocol.simpleReplyMagic, UInt32(28), request.cookie))
            peer.waitForEnd()
        } test: { path in
            let client = try NBDClient(path: path, export: "e", connections: 1)
            let error = #expect(throws: DiskError.self) {
                try [1, 2, 3].withUnsafeBytes { try client.write($0, at: 7) }
            }
            #expect(error?.kind == .noSpace)
            #expect(error?.offset == 7)
        }
    }

    @Test("that tells endless small runs costs bounded memory and time; the rest is data")
    func endlessRuns() throws {
        try FakeServer.with(in: folder) { peer in
            try peer.handshake(FakeHandshake.with { $0.infos = [FakeHandshake.exportInfo(size: 1 << 40)] })
            while true {
                let request = try peer.request()
                var runs = bytes(UInt32(7))
                for index in 0..<10_000 { runs += bytes(UInt32(1), UInt32(index % 2 == 0 ? 3 : 0)) }
                try peer.chunk(5, cookie: request.cookie, runs)
            }
        } test: { path in
            let extents = try NBDSource(try NBDClient(path: path, export: "e", connections: 1)).extents(in: 0..<1 << 40)
            #expect(extents.count < 80_000)
            #expect(extents.last?.isZero == false)
            #expect(extents.reduce(0) { $0 + $1.length } == 1 << 40)
        }
    }

    @Test("that does not answer is left when the client is cancelled")
    func cancelled() throws {
        try FakeServer.with(in: folder) { peer in
            try peer.handshake()
            _ = try peer.request()
            peer.waitForEnd()
        } test: { path in
            let source = NBDSource(try NBDClient(path: path, export: "e", connections: 1))
            let started = DetachedThread.start(name: "canceller") {
                usleep(50_000)
                source.cancel()
            }
            #expect(started == 0)
            var buffer = [UInt8](repeating: 0, count: 512)
            let error = #expect(throws: NBDError.self) {
                try buffer.withUnsafeMutableBytes { try source.read(into: $0, at: 0) }
            }
            #expect(error?.kind == .cancelled)
        }
    }

    @Test("that has no block status tells only data")
    func noStatus() throws {
        try FakeServer.with(in: folder) { peer in
            try peer.handshake(FakeHandshake.with { $0.contextError = NBDProtocol.OptionReply.unsupported })
            peer.waitForEnd()
        } test: { path in
            let client = try NBDClient(path: path, export: "e", connections: 1)
            #expect(
                try NBDSource(client).extents(in: 5..<1000) == [Extent(offset: 5, length: 995, isZero: false)])
            #expect(throws: NBDError.self) { try client.blockStatus(in: 0..<1, context: NBDClient.allocationContext) }
            #expect(throws: DiskError.self) { try NBDSource(client).extents(in: 0..<UInt64.max) }
        }
    }
}

extension FakeHandshake {
    static func with(_ change: (inout FakeHandshake) -> Void) -> FakeHandshake {
        var handshake = FakeHandshake()
        change(&handshake)
        return handshake
    }
}
