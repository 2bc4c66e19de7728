import CLibvirt

/// Why a connection broke.
public enum CloseReason: Sendable, Equatable {
    /// An input or output error.
    case error
    /// The daemon ended the connection, for instance since it died.
    case endOfFile
    /// The daemon did not answer the keep-alive messages.
    case keepAlive
    /// This process closed it.
    case client
    /// A number that this library does not know.
    case other(Int)

    init(number: Int32) {
        switch virConnectCloseReason(rawValue: UInt32(bitPattern: number)) {
        case VIR_CONNECT_CLOSE_REASON_ERROR: self = .error
        case VIR_CONNECT_CLOSE_REASON_EOF: self = .endOfFile
        case VIR_CONNECT_CLOSE_REASON_KEEPALIVE: self = .keepAlive
        case VIR_CONNECT_CLOSE_REASON_CLIENT: self = .client
        default: self = .other(Int(number))
        }
    }
}

/// What a broken connection calls. Held by libvirt until it is unregistered.
final class CloseSink: Sendable {
    private let events: EventHub
    private let notify: @Sendable (CloseReason) -> Void

    init(_ events: EventHub, notify: @escaping @Sendable (CloseReason) -> Void) {
        self.events = events
        self.notify = notify
    }

    func closed(_ reason: CloseReason) {
        events.finishAll()
        notify(reason)
    }
}

let closeCallback: @convention(c) @Sendable (OpaquePointer?, Int32, UnsafeMutableRawPointer?) -> Void = {
    _, reason, opaque in
    guard let opaque else { return }
    Unmanaged<CloseSink>.fromOpaque(opaque).takeUnretainedValue().closed(CloseReason(number: reason))
}

let releaseCloseSink: @convention(c) @Sendable (UnsafeMutableRawPointer?) -> Void = { opaque in
    guard let opaque else { return }
    Unmanaged<CloseSink>.fromOpaque(opaque).release()
}
