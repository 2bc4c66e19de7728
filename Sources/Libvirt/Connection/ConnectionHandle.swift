import CLibvirt
import Synchronization

/// The owner of one `virConnectPtr` and of what was registered on it.
///
/// Closing the last reference of a remote connection says goodbye to the daemon and waits for its answer. So where
/// nobody closed it, a thread of its own does, whoever drops it.
final class ConnectionHandle: @unchecked Sendable {  // the pointer never changes, and virConnect is thread-safe
    let pointer: OpaquePointer
    let events = EventHub()
    private let state = Mutex(State())

    private struct State {
        var isClosed = false
        var isReleased = false
        var hasCloseCallback = false
    }

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        let state = state.withLock { $0 }
        if state.isReleased { return }
        let address = UInt(bitPattern: pointer)
        let events = events
        HelperThread.run(name: "libvirt-helper") {
            guard let connection = OpaquePointer(bitPattern: address) else { return }
            endCallbacks(events, hasCloseCallback: state.hasCloseCallback, on: connection)
            virConnectClose(connection)
        }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func checkOpen(_ call: String) throws(LibvirtError) {
        if isClosed { throw LibvirtError.closed(call) }
    }

    func noteCloseCallback() {
        state.withLock { $0.hasCloseCallback = true }
    }

    /// Refuses further calls and ends the callbacks, for which it blocks.
    func markClosed() {
        let hasCloseCallback = state.withLock { state in
            defer { state.hasCloseCallback = false }
            state.isClosed = true
            return state.hasCloseCallback
        }
        endCallbacks(events, hasCloseCallback: hasCloseCallback, on: pointer)
    }

    /// Closes the connection on the calling thread. For the only holder of a handle that is marked closed.
    func releaseNow() {
        state.withLock { $0.isReleased = true }
        virConnectClose(pointer)
    }
}

/// libvirt holds a reference to the connection for each callback, so it would never be freed with one left.
private func endCallbacks(_ events: EventHub, hasCloseCallback: Bool, on connection: OpaquePointer) {
    events.end(on: connection)
    if hasCloseCallback { _ = virConnectUnregisterCloseCallback(connection, closeCallback) }
}
