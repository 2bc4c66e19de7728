import CLibvirt
import Synchronization

extension LibvirtConnection {
    /// The lifecycle events of all domains from now on. Blocks while it registers.
    ///
    /// The stream ends when the connection is closed or breaks, and also when the reader fell `limit` events behind:
    /// then, as after a broken connection, list the domains anew. Registration ends with the stream.
    public func domainEvents(limit: Int = 4096) throws(LibvirtError) -> AsyncStream<DomainEvent> {
        let handle = try handle("virConnectDomainEventRegisterAny")
        let (stream, continuation) = AsyncStream.makeStream(
            of: DomainEvent.self, bufferingPolicy: .bufferingOldest(max(1, limit)))
        let sink = EventSink(continuation)
        let retained = Unmanaged.passRetained(sink)
        let id = kc_register_lifecycle(handle.pointer, eventCallback, retained.toOpaque(), releaseSink)
        guard id >= 0 else {
            let error = LibvirtError.last("virConnectDomainEventRegisterAny")
            retained.release()
            throw error
        }
        guard handle.noteEvents(id, sink) else {
            _ = virConnectDomainEventDeregisterAny(handle.pointer, id)
            throw LibvirtError.closed("virConnectDomainEventRegisterAny")
        }
        continuation.onTermination = { [weak handle] _ in
            // Who drops a stream may be a task; telling the daemon blocks.
            guard let handle, handle.forgetEvents(id) else { return }
            HelperThread.run(name: "libvirt-events-") {
                _ = virConnectDomainEventDeregisterAny(handle.pointer, id)
            }
        }
        return stream
    }
}

/// Where the events of one registration go. The stream ends with it.
final class EventSink: Sendable {
    private let continuation: AsyncStream<DomainEvent>.Continuation

    init(_ continuation: AsyncStream<DomainEvent>.Continuation) {
        self.continuation = continuation
    }

    deinit {
        continuation.finish()
    }

    func yield(_ event: DomainEvent) {
        // A gap that nobody sees would be worse than an end.
        if case .dropped = continuation.yield(event) { continuation.finish() }
    }

    func finish() {
        continuation.finish()
    }
}

private let eventCallback:
    @convention(c) @Sendable (OpaquePointer?, OpaquePointer?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
        _, domain, event, detail, opaque in
        guard let domain, let opaque, let name = virDomainGetName(domain) else { return 0 }
        let uuid = uuidText { virDomainGetUUIDString(domain, $0) }
        Unmanaged<EventSink>.fromOpaque(opaque).takeUnretainedValue().yield(
            DomainEvent(
                name: String(cString: name), uuid: uuid ?? "", kind: DomainEvent.Kind(number: event),
                detail: Int(detail)))
        return 0
    }

private let releaseSink: @convention(c) @Sendable (UnsafeMutableRawPointer?) -> Void = { opaque in
    guard let opaque else { return }
    Unmanaged<EventSink>.fromOpaque(opaque).release()
}
