extension LibvirtConnection {
    /// The lifecycle events of all domains from now on. Blocks while it registers.
    ///
    /// The stream ends when the connection is closed or breaks, and also when the reader fell `limit` events behind:
    /// then, as after a broken connection, list the domains anew. Registration ends with the last stream.
    public func domainEvents(limit: Int = 4096) throws(LibvirtError) -> AsyncStream<DomainEvent> {
        let handle = try handle("virConnectDomainEventRegisterAny")
        let (stream, continuation) = AsyncStream.makeStream(
            of: DomainEvent.self, bufferingPolicy: .bufferingOldest(max(1, limit)))
        let id = try handle.events.add(continuation, on: handle.pointer)
        continuation.onTermination = { [weak handle] _ in
            // Who drops a stream may be a task; telling the daemon blocks.
            guard let handle, handle.events.remove(id) else { return }
            HelperThread.run(name: "libvirt-helper") { handle.events.deregisterIfUnused(on: handle.pointer) }
        }
        return stream
    }
}
