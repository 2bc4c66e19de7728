import Glibc

/// Receives the answer to one request. Every length is checked against the request before bytes are taken.
struct NBDAnswer {
    let stream: NBDStream
    let export: NBDExport
    let request: NBDRequest
    let cookie: UInt64

    /// An error message of a server may have this many bytes.
    private static let maximumErrorPayload: UInt32 = 8 + 4096
    private static let maximumErrors = 64
    /// QEMU's own limit is 1 MiB of extents.
    private static let maximumStatusPayload: UInt32 = 4 + (1 << 20)

    private enum Header {
        case simple(error: UInt32)
        case chunk(type: UInt16, isLast: Bool, length: UInt32)
    }

    /// The answer to a command that brings no data.
    func acknowledge() throws {
        _ = try receive { _, _ in throw violation("data in the answer to a request that asked for none") }
    }

    /// The answer to a read. Chunks have to come in ascending order and fill the buffer exactly, as QEMU sends them.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        func take(at offset: UInt64, count: Int) throws(NBDError) -> UnsafeMutableRawBufferPointer {
            guard offset == request.offset + UInt64(filled), count > 0, count <= buffer.count - filled else {
                throw violation("\(count) bytes at \(offset), which is not what comes next in the answer")
            }
            defer { filled += count }
            return UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
        }
        let isSimple = try receive { type, length in
            switch type {
            case NBDProtocol.Chunk.offsetData:
                guard length > 8 else { throw violation("a data chunk of \(length) bytes") }
                let offset = try stream.receive(UInt64.self)
                try stream.receive(into: try take(at: offset, count: Int(length) - 8))
            case NBDProtocol.Chunk.offsetHole:
                guard length == 12 else { throw violation("a hole chunk of \(length) bytes") }
                let offset = try stream.receive(UInt64.self)
                let count = Int(try stream.receive(UInt32.self))
                _ = try take(at: offset, count: count).initializeMemory(as: UInt8.self, repeating: 0)
            default: throw violation("a chunk of type \(type) in the answer to a read")
            }
        }
        if isSimple {
            guard !export.isStructured else {
                throw violation("a simple answer to a read after structured ones were agreed")
            }
            return try stream.receive(into: buffer)
        }
        guard filled == buffer.count else { throw violation("only \(filled) of \(buffer.count) bytes were sent") }
    }

    /// The answer to a question for the status of blocks: runs from the request's offset on, the last one perhaps
    /// longer than what was asked for.
    func blockStatus(context: UInt32) throws -> [(length: UInt32, flags: UInt32)] {
        var runs: [(length: UInt32, flags: UInt32)] = []
        let isSimple = try receive { type, length in
            guard type == NBDProtocol.Chunk.blockStatus else {
                throw violation("a chunk of type \(type) in a block status")
            }
            guard length >= 12, (length - 4) % 8 == 0, length <= Self.maximumStatusPayload else {
                throw violation("a block status of \(length) bytes")
            }
            let reader = BigEndianReader(try stream.receive(count: Int(length)))
            let id = reader.integer(UInt32.self, at: 0)
            guard export.contexts.values.contains(where: { $0 == id }) else {
                throw violation("a block status for a context that was not agreed")
            }
            guard id == context else { return }
            guard runs.isEmpty else { throw violation("two block statuses for one context") }
            for position in stride(from: 4, to: Int(length), by: 8) {
                guard let length = reader.integer(UInt32.self, at: position),
                    let flags = reader.integer(UInt32.self, at: position + 4), length > 0
                else { throw violation("a block status with an empty run") }
                runs.append((length, flags))
            }
        }
        guard !isSimple, !runs.isEmpty else { throw violation("no block status came") }
        return runs
    }

    /// Receives chunks until the last one; true when a simple answer without an error came instead.
    private func receive(_ chunk: (_ type: UInt16, _ length: UInt32) throws -> Void) throws -> Bool {
        var failure: DiskError?
        var errors = 0
        while true {
            switch try header() {
            case .simple(let error):
                guard failure == nil else { throw violation("a simple answer among chunks") }
                if error != 0 { throw serverError(error, message: nil) }
                return true
            case .chunk(let type, let isLast, let length):
                if type == NBDProtocol.Chunk.none {
                    guard length == 0, isLast else { throw violation("an empty chunk that is not the last") }
                } else if type & NBDProtocol.Chunk.errorBit != 0 {
                    errors += 1
                    guard errors <= Self.maximumErrors else {
                        throw violation("more than \(Self.maximumErrors) errors")
                    }
                    let error = try errorChunk(length)
                    failure = failure ?? error
                } else {
                    try chunk(type, length)
                }
                guard isLast else { continue }
                if let failure { throw failure }
                return false
            }
        }
    }

    private func header() throws(NBDError) -> Header {
        switch try stream.receive(UInt32.self) {
        case NBDProtocol.simpleReplyMagic:
            let error = try stream.receive(UInt32.self)
            try checkCookie()
            return .simple(error: error)
        case NBDProtocol.structuredReplyMagic:
            guard export.isStructured else { throw violation("a structured answer that was not agreed") }
            let flags = try stream.receive(UInt16.self)
            let type = try stream.receive(UInt16.self)
            try checkCookie()
            let length = try stream.receive(UInt32.self)
            return .chunk(type: type, isLast: flags & NBDProtocol.Chunk.done != 0, length: length)
        default: throw violation("an answer that does not start as one")
        }
    }

    private func checkCookie() throws(NBDError) {
        guard try stream.receive(UInt64.self) == cookie else {
            throw violation("an answer to a request that was not sent")
        }
    }

    private func errorChunk(_ length: UInt32) throws(NBDError) -> DiskError {
        guard length >= 6, length <= Self.maximumErrorPayload else { throw violation("an error of \(length) bytes") }
        let reader = BigEndianReader(try stream.receive(count: Int(length)))
        guard let error = reader.integer(UInt32.self, at: 0), error != 0,
            let messageLength = reader.integer(UInt16.self, at: 4),
            let message = reader.slice(at: 6, count: Int(messageLength))
        else { throw violation("an error that is malformed") }
        return serverError(error, message: String(decoding: message, as: UTF8.self))
    }

    private func serverError(_ number: UInt32, message: String?) -> DiskError {
        // The protocol's error numbers are those of Linux.
        var error = DiskError.system(
            Int32(truncatingIfNeeded: number), request.command.verb, "NBD export \(PathError.printable(export.name))",
            offset: request.command == .flush ? nil : request.offset)
        error.detail = message.flatMap { $0.isEmpty ? nil : PathError.printable($0) }
        return error
    }

    private func violation(_ detail: String) -> NBDError { NBDError(.violation, export.name, detail) }
}
