import Glibc
import Synchronization

/// A run of bytes with one status in a metadata context.
public struct NBDStatusRun: Sendable, Equatable {
    /// Offset of the first byte.
    public var offset: UInt64
    /// Number of bytes, never 0.
    public var length: UInt64
    /// As the context defines them; for `base:allocation` bit 0 is a hole and bit 1 reads as zeros.
    public var flags: UInt32
}

/// A client of one NBD export over a UNIX socket, with several connections so that several threads can work at once.
///
/// Calls block. Each takes a free connection, or waits for one.
public final class NBDClient: Sendable {
    /// Says which parts read as zeros.
    public static let allocationContext = "base:allocation"

    /// What the server says of the export.
    public let export: NBDExport
    private let connections: [NBDConnection]
    private let next = Atomic<Int>(0)

    /// Connects and chooses the export.
    ///
    /// - Parameters:
    ///   - path: the server's socket.
    ///   - export: the export's name, which the server has to know.
    ///   - contexts: metadata contexts to ask for, such as `qemu:dirty-bitmap:NAME`; see `export.contexts` for those
    ///     that were granted.
    ///   - connections: 1 to 16. Only one is made where the server does not promise that several agree.
    ///   - timeout: seconds without any progress before a request fails.
    public init(
        path: String, export: String, contexts: [String] = [NBDClient.allocationContext], connections: Int = 4,
        timeout: UInt32 = 120
    ) throws(NBDError) {
        precondition((1...16).contains(connections), "1 to 16 connections")
        let first = try NBDConnection(path: path, export: export, contexts: contexts, timeout: timeout)
        var all = [first]
        while all.count < connections && first.export.canUseSeveralConnections {
            let other = try NBDConnection(path: path, export: export, contexts: contexts, timeout: timeout)
            guard other.export == first.export else {
                throw NBDError(.violation, export, "two connections disagree about the export")
            }
            all.append(other)
        }
        self.export = first.export
        self.connections = all
    }

    deinit { for connection in connections { connection.disconnect() } }

    /// Ends all connections at once, from any thread. Requests that wait fail with `.cancelled`.
    public func cancel() {
        for connection in connections { connection.cancel() }
    }

    /// Fills the buffer from `offset`.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try check(offset, buffer.count, .read)
        var done = 0
        while done < buffer.count {
            let count = min(buffer.count - done, Int(export.maximumPayload))
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
            let request = NBDRequest(command: .read, offset: offset + UInt64(done), length: UInt32(count))
            try run(request) { try $0.read(into: part) }
            done += count
        }
    }

    /// Writes all of the buffer at `offset`.
    public func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try check(offset, buffer.count, .write)
        var done = 0
        while done < buffer.count {
            let count = min(buffer.count - done, Int(export.maximumPayload))
            let part = UnsafeRawBufferPointer(rebasing: buffer[done..<done + count])
            try run(
                NBDRequest(command: .write, offset: offset + UInt64(done), length: UInt32(count), payload: part)
            ) { try $0.acknowledge() }
            done += count
        }
    }

    /// Makes a range read as zeros; the server may free its storage.
    public func zero(_ range: Range<UInt64>) throws {
        try DescriptorIO.check(range, in: export.size, "zero", path: describedExport)
        guard export.canWriteZeroes else { return try writeZeros(range) }
        try check(range.lowerBound, range.count, .writeZeroes)
        // Steps bound the time of one request on servers that have to write the zeros.
        let step: UInt64 = 1 << 30
        var offset = range.lowerBound
        while offset < range.upperBound {
            let length = min(step, range.upperBound - offset)
            try run(NBDRequest(command: .writeZeroes, offset: offset, length: UInt32(length))) { try $0.acknowledge() }
            offset += length
        }
    }

    /// Makes all writes that were answered durable, on every connection.
    public func flush() throws {
        guard export.canFlush else {
            throw DiskError(.system, "flush", describedExport, detail: "the server has no flush")
        }
        for connection in connections {
            try connection.run(NBDRequest(command: .flush)) { try $0.acknowledge() }
        }
    }

    /// The status of blocks from the start of `range` on: at least one run, without gaps, clipped to the range. It may
    /// end before the range does; ask again from there.
    public func blockStatus(in range: Range<UInt64>, context: String) throws -> [NBDStatusRun] {
        guard let id = export.contexts[context] else {
            throw NBDError(.refused, export.name, "the server has no metadata context \(PathError.printable(context))")
        }
        try DescriptorIO.check(range, in: export.size, "map", path: describedExport)
        guard !range.isEmpty else { return [] }
        let length = UInt32(min(UInt64(1 << 31), UInt64(range.count)))
        let answer = try run(NBDRequest(command: .blockStatus, offset: range.lowerBound, length: length)) {
            try $0.blockStatus(context: id)
        }
        var runs: [NBDStatusRun] = []
        var offset = range.lowerBound
        for (length, flags) in answer where offset < range.upperBound {
            let clipped = min(UInt64(length), range.upperBound - offset)
            if let last = runs.last, last.flags == flags {
                runs[runs.count - 1].length += clipped
            } else {
                runs.append(NBDStatusRun(offset: offset, length: clipped, flags: flags))
            }
            offset += clipped
        }
        return runs
    }

    /// For messages.
    var describedExport: String { "NBD export \(PathError.printable(export.name))" }

    private func run<Result>(_ request: NBDRequest, _ answer: (NBDAnswer) throws -> Result) throws -> Result {
        let start = next.wrappingAdd(1, ordering: .relaxed).oldValue & 0xFFFF
        for index in connections.indices {
            let connection = connections[(start + index) % connections.count]
            if let result = try connection.runIfFree(request, answer) { return result }
        }
        return try connections[start % connections.count].run(request, answer)
    }

    private func check(_ offset: UInt64, _ count: Int, _ command: NBDProtocol.Command) throws {
        try DescriptorIO.check(offset, count, in: export.size, command.verb, path: describedExport)
        let block = UInt64(export.minimumBlock)
        guard offset % block == 0, UInt64(count) % block == 0 else {
            throw DiskError(
                .system, command.verb, describedExport, offset: offset,
                detail: "the server takes whole blocks of \(block)")
        }
    }

    private func writeZeros(_ range: Range<UInt64>) throws {
        let length = min(1 << 20, range.count)
        try withUnsafeTemporaryAllocation(byteCount: length, alignment: 16) { zeros in
            zeros.initializeMemory(as: UInt8.self, repeating: 0)
            var offset = range.lowerBound
            while offset < range.upperBound {
                let count = Int(min(UInt64(length), range.upperBound - offset))
                try write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(zeros)[..<count]), at: offset)
                offset += UInt64(count)
            }
        }
    }
}
