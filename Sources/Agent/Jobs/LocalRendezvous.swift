import CLinux
import DataPlane
import Executors
import FoundationEssentials
import Glibc
import Model
import Synchronization

/// A UNIX socket in a folder that only this user can enter, where `kvm-clone-agent pipe` meets the agent.
final class LocalRendezvous: Sendable {
    private let folder: String
    private let listening = Mutex<Int32>(-1)

    /// The socket's path.
    var path: String { folder + "/streams" }

    init() throws(KVMCloneError) {
        let base = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? "/tmp"
        guard let made = Self.makeFolder(in: base) ?? Self.makeFolder(in: "/tmp") else {
            throw KVMCloneError(.general, "no temporary folder", cause: String(cString: strerror(errno)))
        }
        folder = made
    }

    /// Takes `streams` connections, and hands each to `body` on the accepting thread, numbered as they come.
    func accept(streams: Int, _ body: @escaping @Sendable (UInt16, Socket) -> Void) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        listening.withLock { $0 = descriptor }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw KVMCloneError(.general, "the name of the socket \(path) is too long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, listen(descriptor, 16) == 0 else {
            throw KVMCloneError(.general, "no socket at \(path)", cause: String(cString: strerror(errno)))
        }
        try OSThread.start(name: "kc-rendezvous") {
            for stream in 0..<UInt16(streams) {
                var accepted: Int32
                repeat {
                    accepted = kc_accept(descriptor)
                } while accepted < 0
                    && errno == EINTR
                guard accepted >= 0 else { return }
                body(stream, Socket(taking: accepted))
            }
        }
    }

    /// Stops listening and removes the folder.
    func close() {
        listening.withLock { descriptor in
            if descriptor >= 0 {
                shutdown(descriptor, Int32(SHUT_RDWR))
                Glibc.close(descriptor)
            }
            descriptor = -1
        }
        unlink(path)
        rmdir(folder)
    }

    private static func makeFolder(in base: String) -> String? {
        var template = Array((base + "/kvm-clone-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        return template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
    }
}
