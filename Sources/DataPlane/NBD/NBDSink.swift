/// A disk that is written through an NBD server, such as a qcow2 image behind qemu-nbd.
public final class NBDSink: DiskSink {
    /// Bytes of the disk, at most those of the export.
    public let size: UInt64
    private let client: NBDClient
    private let isEmpty: Bool
    private let medium: ReadBackMedium
    private let state: WriteState
    private let server: QemuNBD?

    /// - Parameters:
    ///   - client: connected to an export that can be written.
    ///   - size: bytes of the disk, at most those of the export.
    ///   - isEmpty: all of it is known to read as zeros, as a new image without a backing image does.
    ///   - medium: `.direct` when the server itself works past the page cache.
    ///   - server: the one that it belongs to, if that is to end with it.
    public init(
        _ client: NBDClient, size: UInt64, isEmpty: Bool, medium: ReadBackMedium = .cache,
        server: QemuNBD? = nil
    ) throws {
        guard !client.export.isReadOnly else { throw DiskError(.readOnly, "write", client.describedExport) }
        guard size <= client.export.size else {
            throw DiskError(
                .tooSmall, "write", client.describedExport,
                detail: "it has \(client.export.size) bytes, the disk \(size)")
        }
        self.client = client
        self.size = size
        self.isEmpty = isEmpty
        self.medium = medium
        self.server = server
        state = WriteState(size: size)
    }

    /// Sends the bytes; durable after `flush`.
    public func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try DescriptorIO.check(offset, buffer.count, in: size, "write", path: client.describedExport)
        state.markWritten(offset, buffer.count)
        try client.write(buffer, at: offset)
    }

    /// Asks the server to write zeros; does nothing where an empty image was not written yet.
    public func zero(_ range: Range<UInt64>) throws {
        try DescriptorIO.check(range, in: size, "zero", path: client.describedExport)
        guard !range.isEmpty, !isEmpty || state.mayBeWritten(range) else { return }
        try client.zero(range)
    }

    /// Makes everything that was answered durable.
    public func flush() throws {
        try state.flush { try client.flush() }
    }

    /// Ends all connections at once, from any thread; calls that wait fail with `NBDError.Kind.cancelled`.
    public func cancel() { client.cancel() }

    /// Ends the connections and the server.
    public func end() {
        client.cancel()
        server?.stop()
    }

    /// Reads through the same server. qemu-nbd keeps qcow2 tables in memory, so this shows that the guest's data
    /// reached the medium, not that the tables did: for those, open the image again after the server has ended.
    public func readBack() throws -> any ReadBackSource {
        NBDReadBack(source: NBDSource(client, keeping: server), size: size, medium: medium)
    }
}

/// What was written through a server, read back from it.
private struct NBDReadBack: ReadBackSource {
    let source: NBDSource
    let size: UInt64
    let medium: ReadBackMedium

    func extents(in range: Range<UInt64>) throws -> [Extent] { try source.extents(in: range) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try source.read(into: buffer, at: offset)
    }

    /// What is read back was just written by this process; there is no earlier state to compare with.
    func checkUnchanged() throws {}
}
