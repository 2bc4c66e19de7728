/// The option phase: from the greeting to the first request.
struct NBDHandshake {
    /// More than any honest server sends in one answer.
    private static let maximumReply: UInt32 = 16 << 10
    private static let maximumReplies = 64

    private let stream: NBDStream
    private var export: NBDExport

    private init(_ stream: NBDStream, export: String) {
        self.stream = stream
        self.export = NBDExport(name: export)
    }

    /// Chooses an export and the metadata contexts, and returns what the server says of it.
    static func run(_ stream: NBDStream, export: String, contexts: [String]) throws(NBDError) -> NBDExport {
        guard export.utf8.count <= NBDProtocol.maximumString,
            contexts.allSatisfy({ $0.utf8.count <= NBDProtocol.maximumString })
        else { throw NBDError(.refused, export, "a name is longer than \(NBDProtocol.maximumString) bytes") }
        var handshake = NBDHandshake(stream, export: export)
        try handshake.greet()
        try handshake.askForStructuredReplies()
        if handshake.export.isStructured && !contexts.isEmpty { try handshake.ask(for: contexts) }
        try handshake.go()
        return handshake.export
    }

    private func greet() throws(NBDError) {
        guard try stream.receive(UInt64.self) == NBDProtocol.greeting,
            try stream.receive(UInt64.self) == NBDProtocol.optionMagic
        else { throw violation("the greeting is not that of an NBD server") }
        let flags = try stream.receive(UInt16.self)
        guard flags & NBDProtocol.fixedNewstyle != 0 else {
            throw NBDError(.refused, export.name, "the server does not speak the fixed newstyle protocol")
        }
        var answer: [UInt8] = []
        answer.append(bigEndian: UInt32(flags & (NBDProtocol.fixedNewstyle | NBDProtocol.noZeroes)))
        try stream.send(answer)
    }

    private mutating func askForStructuredReplies() throws(NBDError) {
        try send(.structuredReply, [])
        let reply = try receive(for: .structuredReply)
        if reply.type == NBDProtocol.OptionReply.acknowledge {
            export.isStructured = true
        } else if reply.type & NBDProtocol.OptionReply.errorBit == 0 {
            throw violation("an answer of type \(reply.type) to the option for structured replies")
        }
    }

    private mutating func ask(for contexts: [String]) throws(NBDError) {
        var data: [UInt8] = []
        append(export.name, to: &data)
        data.append(bigEndian: UInt32(contexts.count))
        for context in contexts { append(context, to: &data) }
        try send(.setMetaContext, data)
        for _ in 0..<Self.maximumReplies {
            let reply = try receive(for: .setMetaContext)
            switch reply.type {
            case NBDProtocol.OptionReply.acknowledge: return
            case NBDProtocol.OptionReply.metaContext:
                let reader = BigEndianReader(reply.data)
                guard let id = reader.integer(UInt32.self, at: 0),
                    let name = String(validating: reply.data.dropFirst(4), as: UTF8.self), contexts.contains(name)
                else { throw violation("a metadata context that was not asked for") }
                export.contexts[name] = id
            case NBDProtocol.OptionReply.unsupported: return
            case let type where type & NBDProtocol.OptionReply.errorBit != 0:
                throw refused("the metadata contexts", reply)
            default: throw violation("an answer of type \(reply.type) to the option for metadata contexts")
            }
        }
        throw violation("more than \(Self.maximumReplies) answers to one option")
    }

    private mutating func go() throws(NBDError) {
        var data: [UInt8] = []
        append(export.name, to: &data)
        let wanted = [NBDProtocol.Info.name, NBDProtocol.Info.blockSize]
        data.append(bigEndian: UInt16(wanted.count))
        for info in wanted { data.append(bigEndian: info) }
        try send(.go, data)
        var hasExport = false
        for _ in 0..<Self.maximumReplies {
            let reply = try receive(for: .go)
            switch reply.type {
            case NBDProtocol.OptionReply.acknowledge:
                guard hasExport else { throw violation("the server did not say how large the export is") }
                return
            case NBDProtocol.OptionReply.info:
                if try take(reply.data) { hasExport = true }
            case let type where type & NBDProtocol.OptionReply.errorBit != 0:
                throw refused("the export", reply)
            default: throw violation("an answer of type \(reply.type) to the choice of the export")
            }
        }
        throw violation("more than \(Self.maximumReplies) answers to one option")
    }

    /// Takes one piece of information; true when it was the size and the flags.
    private mutating func take(_ data: [UInt8]) throws(NBDError) -> Bool {
        let reader = BigEndianReader(data)
        switch reader.integer(UInt16.self, at: 0) {
        case NBDProtocol.Info.export:
            guard data.count == 12, let size = reader.integer(UInt64.self, at: 2),
                let flags = reader.integer(UInt16.self, at: 10), flags & 1 != 0
            else { throw violation("the description of the export is malformed") }
            guard size <= UInt64(Int64.max) else { throw violation("the export has \(size) bytes") }
            export.size = size
            export.flags = flags
            return true
        case NBDProtocol.Info.name:
            guard Array(data.dropFirst(2)) == Array(export.name.utf8) else {
                throw violation("the server chose another export than the one that was asked for")
            }
        case NBDProtocol.Info.blockSize:
            guard data.count == 14, let minimum = reader.integer(UInt32.self, at: 2),
                let maximum = reader.integer(UInt32.self, at: 10), minimum > 0, minimum <= 64 << 10,
                minimum.nonzeroBitCount == 1, maximum >= minimum, maximum >= 4096
            else { throw violation("the block sizes are malformed") }
            export.minimumBlock = minimum
            export.maximumPayload = min(maximum, NBDProtocol.defaultMaximumPayload) / minimum * minimum
        case nil: throw violation("an empty piece of information")
        default: break
        }
        return false
    }

    private func send(_ option: NBDProtocol.Option, _ data: [UInt8]) throws(NBDError) {
        var message: [UInt8] = []
        message.append(bigEndian: NBDProtocol.optionMagic)
        message.append(bigEndian: option.rawValue)
        message.append(bigEndian: UInt32(data.count))
        try stream.send(message + data)
    }

    private func receive(for option: NBDProtocol.Option) throws(NBDError) -> (type: UInt32, data: [UInt8]) {
        guard try stream.receive(UInt64.self) == NBDProtocol.optionReplyMagic else {
            throw violation("an answer to an option does not start as one")
        }
        guard try stream.receive(UInt32.self) == option.rawValue else { throw violation("an answer to another option") }
        let type = try stream.receive(UInt32.self)
        let length = try stream.receive(UInt32.self)
        guard length <= Self.maximumReply else { throw violation("an answer to an option has \(length) bytes") }
        return (type, try stream.receive(count: Int(length)))
    }

    private func append(_ string: String, to data: inout [UInt8]) {
        data.append(bigEndian: UInt32(string.utf8.count))
        data.append(contentsOf: string.utf8)
    }

    private func refused(_ what: String, _ reply: (type: UInt32, data: [UInt8])) -> NBDError {
        let words = PathError.printable(String(decoding: reply.data.prefix(256), as: UTF8.self))
        let code = reply.type & ~NBDProtocol.OptionReply.errorBit
        return NBDError(
            .refused, export.name, "the server refused \(what) (error \(code)\(words.isEmpty ? "" : ": \(words)"))")
    }

    private func violation(_ detail: String) -> NBDError { NBDError(.violation, export.name, detail) }
}
