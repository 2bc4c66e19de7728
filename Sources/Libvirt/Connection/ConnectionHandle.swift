import CLibvirt
import Synchronization

/// The owner of one `virConnectPtr` and of what was registered on it.
///
/// Closing the last reference of a remote connection says goodbye to the daemon and waits for its answer. So where
/// nobody closed it, a thread of its own does, whoever drops it.
final class ConnectionHandle: @unchecked Sendable {  // the pointer never changes, and virConnect is thread-safe
    let pointer: OpaquePointer
    private let state = Mutex(State())

    private struct State {
        var isClosed = false
        var isReleased = false
        var hasCloseCallback = false
        var events: [Int32: EventSink] = [:]
    }

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        let (isReleased, callbacks) = state.withLock { ($0.isReleased, take(&$0)) }
        if isReleased { return }
        let address = UInt(bitPattern: pointer)
        HelperThread.run(name: "libvirt-close") {
            guard let connection = OpaquePointer(bitPattern: address) else { return }
            deregister(callbacks, on: connection)
            virConnectClose(connection)
        }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func checkOpen(_ call: String) throws(LibvirtError) {
        if isClosed { throw LibvirtError.closed(call) }
    }

    /// Refuses further calls and ends the callbacks, for which it blocks.
    func markClosed() {
        let callbacks = state.withLock { state in
            state.isClosed = true
            return take(&state)
        }
        deregister(callbacks, on: pointer)
    }

    /// Closes the connection on the calling thread. For the only holder of a handle that is marked closed.
    func releaseNow() {
        state.withLock { $0.isReleased = true }
        virConnectClose(pointer)
    }

    func noteCloseCallback() {
        state.withLock { $0.hasCloseCallback = true }
    }

    /// False when the connection was closed meanwhile: the caller deregisters then.
    func noteEvents(_ id: Int32, _ sink: EventSink) -> Bool {
        state.withLock { state in
            if !state.isClosed { state.events[id] = sink }
            return !state.isClosed
        }
    }

    /// True for the one who is to deregister.
    func forgetEvents(_ id: Int32) -> Bool {
        state.withLock { $0.events.removeValue(forKey: id) != nil }
    }

    /// Ends all event streams.
    func finishEvents() {
        // Not under the lock: the end of a stream takes it.
        for sink in state.withLock({ Array($0.events.values) }) { sink.finish() }
    }

    private func take(_ state: inout State) -> Callbacks {
        defer {
            state.hasCloseCallback = false
            state.events = [:]
        }
        return Callbacks(hasClose: state.hasCloseCallback, events: state.events)
    }
}

/// A reference for callbacks, which must not keep the connection open.
struct WeakConnection: Sendable {
    weak let value: ConnectionHandle?

    init(_ value: ConnectionHandle) {
        self.value = value
    }
}

private struct Callbacks: Sendable {
    let hasClose: Bool
    let events: [Int32: EventSink]
}

/// libvirt holds a reference to the connection for each callback, so it would never be freed with one left.
private func deregister(_ callbacks: Callbacks, on connection: OpaquePointer) {
    for (id, sink) in callbacks.events {
        // A connection that broke can't tell the daemon; the local side is cleared all the same.
        _ = virConnectDomainEventDeregisterAny(connection, id)
        sink.finish()
    }
    if callbacks.hasClose { _ = virConnectUnregisterCloseCallback(connection, closeCallback) }
}
