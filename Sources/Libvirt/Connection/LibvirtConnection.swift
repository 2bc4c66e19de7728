import CLibvirt
import Synchronization

/// A connection to a hypervisor through libvirt.
///
/// Every call here and on the objects that it hands out is synchronous and blocks the calling thread until the daemon
/// has answered: don't call from an actor or a task, but on a thread for blocking work. Several threads may call at
/// once; their calls overlap on the one connection, and a slow one holds up no other, save for at most one keep-alive
/// interval (see `KeepAlive.standard`).
///
/// A running call can't be interrupted through libvirt. What ends it early is the end of the connection:
/// - when the owner of the socket behind the URI, say of a tunnel, cuts it: all calls throw at once;
/// - when the daemon dies: likewise;
/// - when the daemon hangs and leaves the keep-alive messages unanswered: `isAlive` turns false and one call throws.
///   libvirt 9.0 leaves further calls that wait at that time, and the close notice with them, until the socket ends,
///   and may crash then. So the owner of a tunnel cuts it before, and has the keep-alive never give up.
public final class LibvirtConnection: Sendable {
    private let state: Mutex<ConnectionHandle?>

    /// How the connection finds out that the daemon does not answer any more.
    public struct KeepAlive: Sendable, Equatable {
        /// Seconds of silence before a message is sent; at least 1.
        public var interval: Int
        /// How many messages may stay unanswered. The connection breaks after about interval * (count + 1) seconds.
        public var count: Int

        /// Gives a silent daemon up after 20 s. The interval is short since the client of libvirt 9.0 at times misses
        /// the wake-up for a call that begins while another one waits; the next message makes up for it.
        public static let standard = KeepAlive(interval: 1, count: 19)

        /// A message each `interval` seconds, of which `count` may stay unanswered.
        public init(interval: Int, count: Int) {
            self.interval = interval
            self.count = count
        }
    }

    /// Connects. Blocks. Starts libvirt's event loop on first use, on a thread of its own; SIGPIPE is ignored from
    /// then on unless the process handles it.
    ///
    /// - Parameters:
    ///   - uri: For instance `qemu:///system` or `qemu+unix:///system?socket=/path`. Nobody is asked for a password.
    ///   - isReadOnly: Whether changes are refused.
    ///   - keepAlive: Nil for none. Drivers without a daemon have none either.
    ///   - onClose: Called once, on the event loop's thread, when the connection breaks. It must not block.
    public init(
        uri: String, isReadOnly: Bool = false, keepAlive: KeepAlive? = .standard,
        onClose: @escaping @Sendable (CloseReason) -> Void = { _ in }
    ) throws(LibvirtError) {
        try EventLoop.start()
        let flags = isReadOnly ? VIR_CONNECT_RO.rawValue : 0
        guard let pointer = virConnectOpenAuth(uri, nil, flags) else { throw LibvirtError.last("virConnectOpenAuth") }
        let handle = ConnectionHandle(pointer)
        state = Mutex(handle)
        if let keepAlive { try Self.start(keepAlive, on: handle) }
        try Self.register(CloseSink(handle.events, notify: onClose), on: handle)
    }

    /// Closes the connection; calls that begin later throw. Blocks until the daemon has said goodbye, or at most until
    /// the keep-alive gives it up. Objects of this connection that others still hold keep the socket open until they
    /// are released, but refuse calls. A second close does nothing.
    public func close() {
        let handle = state.withLock { state in
            defer { state = nil }
            return state
        }
        guard var handle else { return }
        handle.markClosed()
        if isKnownUniquelyReferenced(&handle) { handle.releaseNow() }
    }

    /// Whether the connection stands. False after `close()`. Does not ask the daemon.
    public var isAlive: Bool {
        guard let handle = state.withLock({ $0 }) else { return false }
        return withExtendedLifetime(handle) { virConnectIsAlive(handle.pointer) == 1 }
    }

    func handle(_ call: String) throws(LibvirtError) -> ConnectionHandle {
        guard let handle = state.withLock({ $0 }) else { throw LibvirtError.closed(call) }
        return handle
    }

    private static func start(_ keepAlive: KeepAlive, on handle: ConnectionHandle) throws(LibvirtError) {
        let interval = Int32(clamping: max(1, keepAlive.interval))
        let count = UInt32(clamping: max(0, keepAlive.count))
        // 1 tells that the other side knows no keep-alive.
        if virConnectSetKeepAlive(handle.pointer, interval, count) >= 0 { return }
        let error = LibvirtError.last("virConnectSetKeepAlive")
        // A driver within this process has nobody to ask.
        if !error.isUnsupported { throw error }
    }

    private static func register(_ sink: CloseSink, on handle: ConnectionHandle) throws(LibvirtError) {
        let retained = Unmanaged.passRetained(sink)
        let status = virConnectRegisterCloseCallback(
            handle.pointer, closeCallback, retained.toOpaque(), releaseCloseSink)
        if status == 0 {
            handle.noteCloseCallback()
            return
        }
        let error = LibvirtError.last("virConnectRegisterCloseCallback")
        retained.release()
        // A driver within this process has no connection that could break.
        if !error.isUnsupported { throw error }
    }
}

extension LibvirtConnection {
    /// Calls a function that reports failure as a negative number.
    @discardableResult
    func number<Number: SignedInteger>(
        _ call: String, _ body: (OpaquePointer) -> Number
    ) throws(LibvirtError) -> Number {
        let handle = try handle(call)
        defer { withExtendedLifetime(handle) {} }
        return try checked(call, body(handle.pointer))
    }

    /// Calls a function that returns a string for the caller to free.
    func string(
        _ call: String, _ body: (OpaquePointer) -> UnsafeMutablePointer<CChar>?
    ) throws(LibvirtError) -> String {
        let handle = try handle(call)
        defer { withExtendedLifetime(handle) {} }
        return try owned(call, body(handle.pointer))
    }

    /// Calls a function that returns a new object.
    func object(
        _ call: String, release: @escaping @Sendable (OpaquePointer) -> Int32,
        _ body: (OpaquePointer) -> OpaquePointer?
    ) throws(LibvirtError) -> Handle {
        let handle = try handle(call)
        defer { withExtendedLifetime(handle) {} }
        guard let object = body(handle.pointer) else { throw LibvirtError.last(call) }
        return Handle(object, on: handle, release: release)
    }

    /// Calls a function that returns an array of new objects.
    func objects(
        _ call: String, release: @escaping @Sendable (OpaquePointer) -> Int32,
        _ body: (OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<OpaquePointer?>?>) -> Int32
    ) throws(LibvirtError) -> [Handle] {
        let handle = try handle(call)
        defer { withExtendedLifetime(handle) {} }
        return try owned(call, on: handle, release: release) { body(handle.pointer, $0) }
    }
}
