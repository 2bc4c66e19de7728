import Glibc
import Synchronization

/// One connection: a request and its answer at a time. Safe from several threads, which then wait for each other.
///
/// After a violation of the protocol or a lost connection nothing more is sent: what would come next can't be trusted.
final class NBDConnection: Sendable {
    private struct State {
        var cookie: UInt64 = 0
        var failure: NBDError?
    }

    let export: NBDExport
    private let stream: NBDStream
    private let state = Mutex(State())

    init(path: String, export: String, contexts: [String], timeout: UInt32) throws(NBDError) {
        stream = try NBDStream(path: path, export: export, timeout: timeout)
        self.export = try NBDHandshake.run(stream, export: export, contexts: contexts)
    }

    /// Ends the connection at once, from any thread.
    func cancel() { stream.cancel() }

    /// Says goodbye. The server finishes what it has.
    func disconnect() {
        // A connection that is busy or broken has nobody to say goodbye to; closing it says the same.
        _ = state.withLockIfAvailable { state in
            guard state.failure == nil else { return }
            try? send(.disconnect, cookie: 0, offset: 0, length: 0)
        }
    }

    /// Runs one command when the connection is free; nil when it is not.
    func runIfFree<Result>(_ command: NBDRequest, _ answer: (NBDAnswer) throws -> Result) throws -> Result? {
        var result: Result?
        try state.withLockIfAvailable { state in result = try run(command, &state, answer) }
        return result
    }

    /// Runs one command as soon as the connection is free.
    func run<Result>(_ command: NBDRequest, _ answer: (NBDAnswer) throws -> Result) throws -> Result {
        var result: Result?
        try state.withLock { state in result = try run(command, &state, answer) }
        // Set whenever nothing was thrown.
        return result!
    }

    private func run<Result>(_ request: NBDRequest, _ state: inout State, _ answer: (NBDAnswer) throws -> Result) throws
        -> Result
    {
        if let failure = state.failure { throw failure }
        state.cookie &+= 1
        do {
            let hasPayload = !request.payload.isEmpty
            try send(
                request.command, cookie: state.cookie, offset: request.offset, length: request.length, more: hasPayload)
            if hasPayload { try stream.send(request.payload) }
            return try answer(NBDAnswer(stream: stream, export: export, request: request, cookie: state.cookie))
        } catch let error as NBDError {
            state.failure = error
            stream.cancel()
            throw error
        }
    }

    private func send(
        _ command: NBDProtocol.Command, cookie: UInt64, offset: UInt64, length: UInt32, more: Bool = false
    ) throws(NBDError) {
        try withUnsafeTemporaryAllocation(byteCount: 28, alignment: 8) { (header) throws(NBDError) in
            header.storeBytes(of: NBDProtocol.requestMagic.bigEndian, toByteOffset: 0, as: UInt32.self)
            header.storeBytes(of: 0, toByteOffset: 4, as: UInt16.self)
            header.storeBytes(of: command.rawValue.bigEndian, toByteOffset: 6, as: UInt16.self)
            header.storeBytes(of: cookie.bigEndian, toByteOffset: 8, as: UInt64.self)
            header.storeBytes(of: offset.bigEndian, toByteOffset: 16, as: UInt64.self)
            header.storeBytes(of: length.bigEndian, toByteOffset: 24, as: UInt32.self)
            try stream.send(UnsafeRawBufferPointer(header), more: more)
        }
    }
}

/// One request. Ranges were checked against the export before.
struct NBDRequest {
    var command: NBDProtocol.Command
    var offset: UInt64 = 0
    var length: UInt32 = 0
    var payload = UnsafeRawBufferPointer(start: nil, count: 0)
}
