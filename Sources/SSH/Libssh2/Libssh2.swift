import CSSH2
import Glibc

/// What the linked libssh2 is and can do.
enum Libssh2 {
    /// 0, or why the library can't be used. Evaluated once.
    static let initialized: Int32 = libssh2_init(0)

    static let version: String = libssh2_version(0).map { String(cString: $0) } ?? "?"

    static let again = Int(LIBSSH2_ERROR_EAGAIN)

    /// The last error of a session in words, with libssh2's number.
    static func errorText(_ session: OpaquePointer) -> String {
        var text: UnsafeMutablePointer<CChar>?
        var length: Int32 = 0
        let code = libssh2_session_last_error(session, &text, &length, 0)
        guard let text, length > 0 else { return "libssh2 error \(code)" }
        let bytes = UnsafeRawBufferPointer(start: text, count: Int(length))
        return "\(String(decoding: bytes, as: UTF8.self)) (libssh2 \(code))"
    }

    /// Methods of one kind that the linked library has.
    static func supported(_ session: OpaquePointer, _ method: Int32) -> [String] {
        var names: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        let count = libssh2_session_supported_algs(session, method, &names)
        guard count > 0, let names else { return [] }
        defer { libssh2_free(session, names) }
        return (0..<Int(count)).compactMap { names[$0].map { String(cString: $0) } }
    }
}

/// The one owner of a libssh2 session and its TCP socket. Used on one thread only.
final class SessionHandle {
    let raw: OpaquePointer
    let socket: Int32
    private let received: UnsafeMutablePointer<UInt64>

    /// Grows whenever bytes were read from the connection, for whichever channel.
    var receives: UInt64 { received.pointee }

    /// Takes over `socket`.
    init(socket: Int32) throws(SSHError) {
        self.socket = socket
        received = .allocate(capacity: 1)
        received.initialize(to: 0)
        guard Libssh2.initialized == 0, let raw = libssh2_session_init_ex(nil, nil, nil, nil) else {
            close(socket)
            received.deallocate()
            throw .process("libssh2 can't be initialized")
        }
        self.raw = raw
        libssh2_session_set_blocking(raw, 0)
    }

    /// `receives` grows from now on. Not before the login is over, which has its own use for the abstract pointer.
    func countReceives() {
        libssh2_session_abstract(raw)?.pointee = UnsafeMutableRawPointer(received)
        kc_ssh2_count_receives(raw)
    }

    deinit {
        // Without a socket nothing that libssh2 does while it frees can wait.
        shutdown(socket, Int32(SHUT_RDWR))
        var attempts = 0
        while libssh2_session_free(raw) == LIBSSH2_ERROR_EAGAIN, attempts < 64 { attempts += 1 }
        close(socket)
        received.deallocate()
    }

    var errorText: String { Libssh2.errorText(raw) }
}
