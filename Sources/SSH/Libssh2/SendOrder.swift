import CSSH2
import Glibc

/// Keeps libssh2's rule for sessions with several channels: while one call's packet is half sent, only that very
/// call may be repeated; any other that sends fails (LIBSSH2_ERROR_BAD_USE).
final class SendOrder {
    /// One kind of call on one channel.
    struct Call: Equatable {
        enum Kind {
            case open, exec, readOutput, readErrors, write
        }

        var channel: Int
        var kind: Kind
    }

    private let session: SessionHandle
    private(set) var halfSent: Call?

    init(session: SessionHandle) {
        self.session = session
    }

    /// Makes `call` unless another is half sent; then it returns EAGAIN.
    func make(_ call: Call, _ body: () -> Int) -> Int {
        if let halfSent, halfSent != call { return Libssh2.again }
        let code = body()
        let blocksSending = libssh2_session_block_directions(session.raw) & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0
        halfSent = code == Libssh2.again && blocksSending ? call : nil
        return code
    }

    /// Makes a call whose packet libssh2 keeps where it can't be repeated: only when the socket has room for it.
    func makeSmall(_ body: () -> Int) -> Int {
        guard halfSent == nil, hasRoom else { return Libssh2.again }
        return body()
    }

    /// The kernel reports a socket as writable only while a third of its buffer is free.
    private var hasRoom: Bool {
        var descriptors = [pollfd(fd: session.socket, events: Int16(POLLOUT), revents: 0)]
        return poll(&descriptors, 1, 0) > 0 && descriptors[0].revents & Int16(POLLOUT) != 0
    }
}
