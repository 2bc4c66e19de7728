import CLibvirt
import Synchronization

/// Hands one connection's lifecycle events to any number of streams.
///
/// libvirt takes a callback function only once for each connection, so all streams share one registration. It is there
/// while a stream is.
final class EventHub: Sendable {
    typealias Continuation = AsyncStream<DomainEvent>.Continuation

    private enum Registration {
        case none
        case active(Int32)
        case ended
    }

    private struct Streams {
        var last = 0
        var continuations: [Int: Continuation] = [:]
    }

    private let streams = Mutex(Streams())
    // Held across calls that block; so only threads that may block take it.
    private let registration = Mutex(Registration.none)

    var isRegistered: Bool {
        registration.withLock { if case .active = $0 { true } else { false } }
    }

    /// Adds a stream. Blocks when it is the first one.
    func add(_ continuation: Continuation, on connection: OpaquePointer) throws(LibvirtError) -> Int {
        let id = streams.withLock { streams in
            streams.last += 1
            streams.continuations[streams.last] = continuation
            return streams.last
        }
        do throws(LibvirtError) {
            try registration.withLock { registration throws(LibvirtError) in
                switch registration {
                case .active: break
                case .ended: throw LibvirtError.closed("virConnectDomainEventRegisterAny")
                case .none: registration = .active(try register(on: connection))
                }
            }
        } catch {
            _ = remove(id)
            throw error
        }
        return id
    }

    /// Forgets a stream. True when it was the last one; `deregisterIfUnused` is to follow.
    func remove(_ id: Int) -> Bool {
        streams.withLock { streams in
            streams.continuations.removeValue(forKey: id) != nil && streams.continuations.isEmpty
        }
    }

    /// Blocks for the call to the daemon.
    func deregisterIfUnused(on connection: OpaquePointer) {
        registration.withLock { registration in
            guard case .active(let id) = registration, streams.withLock({ $0.continuations.isEmpty }) else { return }
            _ = virConnectDomainEventDeregisterAny(connection, id)
            registration = .none
        }
    }

    /// Ends all streams and takes no more. Blocks for the call to the daemon.
    func end(on connection: OpaquePointer) {
        registration.withLock { registration in
            // A connection that broke can't tell the daemon; the local side is cleared all the same.
            if case .active(let id) = registration { _ = virConnectDomainEventDeregisterAny(connection, id) }
            registration = .ended
        }
        finishAll()
    }

    /// Ends all streams.
    func finishAll() {
        for continuation in current() { continuation.finish() }
    }

    func yield(_ event: DomainEvent) {
        for continuation in current() {
            // A gap that nobody sees would be worse than an end.
            if case .dropped = continuation.yield(event) { continuation.finish() }
        }
    }

    /// The streams, for use without the lock, which the end of a stream takes.
    private func current() -> [Continuation] {
        streams.withLock { Array($0.continuations.values) }
    }

    private func register(on connection: OpaquePointer) throws(LibvirtError) -> Int32 {
        let retained = Unmanaged.passRetained(self)
        let id = kc_register_lifecycle(connection, lifecycleCallback, retained.toOpaque(), releaseHub)
        guard id >= 0 else {
            let error = LibvirtError.last("virConnectDomainEventRegisterAny")
            retained.release()
            throw error
        }
        return id
    }
}

private let lifecycleCallback:
    @convention(c) @Sendable (OpaquePointer?, OpaquePointer?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
        _, domain, event, detail, opaque in
        guard let domain, let opaque, let name = virDomainGetName(domain) else { return 0 }
        let uuid = uuidText { virDomainGetUUIDString(domain, $0) }
        Unmanaged<EventHub>.fromOpaque(opaque).takeUnretainedValue().yield(
            DomainEvent(
                name: String(cString: name), uuid: uuid ?? "", kind: DomainEvent.Kind(number: event),
                detail: Int(detail)))
        return 0
    }

private let releaseHub: @convention(c) @Sendable (UnsafeMutableRawPointer?) -> Void = { opaque in
    guard let opaque else { return }
    Unmanaged<EventHub>.fromOpaque(opaque).release()
}
