import CLinux
import Executors
import FoundationEssentials
import Glibc
import Model
import SSH
import Synchronization

/// A private UNIX socket on this machine behind which the libvirt daemon of another one answers: each connection to
/// it is joined to the daemon's socket by an agent on an exec channel of the pooled SSH session.
final class LibvirtTunnel: Sendable {
    /// Joins a descriptor, which it takes, to the daemon's socket.
    typealias Join = @Sendable (Int32) async throws(KVMCloneError) -> RemoteProcess

    private struct State {
        var pipes: [RemoteProcess] = []
        var failure: String?
        var isClosed = false
    }

    private let folder: String
    private let listener: OwnedDescriptor
    private let state = Mutex(State())
    private let join: Join

    private var socketPath: String { folder + "/libvirt" }

    init(join: @escaping Join) throws(KVMCloneError) {
        self.join = join
        var template = Array((TemporaryFolder.path + "/kvm-clone-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw KVMCloneError(.general, "no temporary folder", cause: String(cString: strerror(errno)))
        }
        folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        listener = OwnedDescriptor(
            owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(socketPath.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw KVMCloneError(
                .configuration, "the temporary folder's name is too long for a socket", whatToDo: "set TMPDIR to /tmp")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(listener.rawValue, 8) == 0 else {
            throw KVMCloneError(.general, "no socket for libvirt", cause: String(cString: strerror(errno)))
        }
        do {
            try OSThread.start(name: "kc-tunnel") { [self] in acceptAll() }
        } catch {
            throw KVMCloneError(.general, "no thread for the tunnel", cause: "\(error)")
        }
    }

    /// The URI that reaches the other machine's daemon through this tunnel, such as
    /// `qemu+unix:///system?socket=/tmp/…` for `qemu:///system`.
    func uri(for uri: String, host: String) throws(KVMCloneError) -> String {
        guard let scheme = uri.firstIndex(of: ":"), uri[scheme...].hasPrefix(":///") else {
            throw KVMCloneError(
                .configuration, "the libvirt URI '\(uri)' isn't that of a local daemon", host: host,
                whatToDo: "give the host a URI such as qemu:///system; kvm-clone connects over SSH by itself")
        }
        let path = uri[uri.index(scheme, offsetBy: 3)...].prefix { $0 != "?" }
        return "\(uri[..<scheme])+unix://\(path)?socket=\(socketPath)"
    }

    /// What the last failed join said.
    func complaint() async -> String? {
        state.withLock { state in
            let words = state.pipes.map(\.standardError).filter { !$0.isEmpty }
            return state.failure ?? words.last
        }
    }

    func close() async {
        let pipes = state.withLock { state in
            state.isClosed = true
            defer { state.pipes = [] }
            return state.pipes
        }
        shutdown(listener.rawValue, Int32(SHUT_RDWR))
        for pipe in pipes {
            pipe.terminate()
            _ = await pipe.waitForExit()
        }
        unlink(socketPath)
        rmdir(folder)
    }

    private func acceptAll() {
        while true {
            let descriptor = kc_accept(listener.rawValue)
            if descriptor < 0, errno == EINTR || errno == ECONNABORTED { continue }
            guard descriptor >= 0 else { return }
            Task { await serve(descriptor) }
        }
    }

    private func serve(_ descriptor: Int32) async {
        do throws(KVMCloneError) {
            let pipe = try await join(descriptor)
            let isClosed = state.withLock { state in
                if !state.isClosed { state.pipes.append(pipe) }
                return state.isClosed
            }
            if isClosed { pipe.terminate() }
        } catch {
            state.withLock { $0.failure = "\(error)" }
        }
    }
}

/// Where temporary files go: `TMPDIR`, else `/tmp`.
enum TemporaryFolder {
    static var path: String {
        guard let named = getenv("TMPDIR"), named.pointee == UInt8(ascii: "/") else { return "/tmp" }
        return String(cString: named)
    }
}
