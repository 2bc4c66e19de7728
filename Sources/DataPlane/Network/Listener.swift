import CLinux
import FoundationEssentials
import Glibc
import Synchronization

/// Accepts connections and hands on those whose hello frame proves that they belong to an expected pair.
///
/// One thread serves all of it with poll(2). A peer has `helloTimeout` to send its 80 bytes; whatever else it sends, it
/// is dropped at once. At most `maxPending` connections wait for that; a further one displaces the oldest.
public final class Listener: Sendable {
    /// Where it listens, with the port that was found.
    public let endpoint: Endpoint
    private let descriptor: Int32
    private let wake: Int32
    private let expectations = Mutex<[Expectation]>([])
    private let stopped = Atomic<Bool>(false)
    private let thread = Mutex<WorkerThread?>(nil)
    private let maxPending: Int
    private let helloTimeout: UInt64

    private struct Expectation {
        let handshake: Handshake
        let role: Role
        var missing: Set<LinkNumber>
        let deliver: @Sendable (LinkNumber, Socket) -> Void
    }

    private struct Pending {
        let socket: Socket
        let deadline: UInt64
        var hello = [UInt8](repeating: 0, count: FrameHeader.emptyFrame)
        var count = 0
    }

    /// Listens on the first free port of `ports` at a numeric address.
    public convenience init(
        address: String, ports: ClosedRange<UInt16> = 49152...49215, maxPending: Int = 128, helloTimeout: Double = 10
    ) throws(NetworkError) {
        for port in ports {
            do {
                try self.init(.tcp(address: address, port: port), maxPending, helloTimeout)
                return
            } catch {
                guard error.kind == .system(EADDRINUSE) else { throw error }
            }
        }
        throw NetworkError(.noFreePort, "listen on \(address), ports \(ports.lowerBound)-\(ports.upperBound)")
    }

    /// Listens on a new UNIX socket, which is removed again by `close`. The folder must be private.
    public convenience init(
        path: String, maxPending: Int = 128, helloTimeout: Double = 10
    ) throws(NetworkError) {
        try self.init(.unix(path: path), maxPending, helloTimeout)
    }

    private init(_ wanted: Endpoint, _ maxPending: Int, _ helloTimeout: Double) throws(NetworkError) {
        let address = try SocketAddress(wanted)
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let fd = socket(address.family, type, 0)
        guard fd >= 0 else { throw NetworkError("make a socket", errno) }
        let operation = "listen on \(wanted)"
        var actual = wanted
        if case .tcp(let text, let port) = wanted {
            // A port range is searched, so a port in TIME_WAIT may be taken at once.
            Socket.set(fd, SOL_SOCKET, SO_REUSEADDR, 1)
            if address.family == AF_INET6, text == "::" { Socket.set(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
            actual = .tcp(address: text, port: port)
        }
        guard address.withPointer({ bind(fd, $0, $1) }) == 0, listen(fd, 128) == 0 else {
            let code = errno
            Glibc.close(fd)
            throw NetworkError(operation, code)
        }
        if case .tcp(let text, 0) = wanted { actual = .tcp(address: text, port: Self.port(of: fd)) }
        let event = kc_eventfd()
        guard event >= 0 else {
            let code = errno
            Glibc.close(fd)
            throw NetworkError(operation, code)
        }
        endpoint = actual
        descriptor = fd
        wake = event
        self.maxPending = max(1, maxPending)
        self.helloTimeout = UInt64(max(0, helloTimeout) * 1e9)
        let started = try WorkerThread(name: "kc-listen") { [self] in serve() }
        thread.withLock { $0 = started }
    }

    private static func port(of fd: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) { p in
            p.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
        }
        // The port lies at the same place in both families.
        return withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// Awaits the peer of a pair, once for each of `links`. `deliver` is called on the listener's thread
    /// with each connection that proved itself; it must not block. `role` is this end's.
    public func expect(
        _ handshake: Handshake, as role: Role, links: Set<LinkNumber>,
        deliver: @escaping @Sendable (LinkNumber, Socket) -> Void
    ) {
        expectations.withLock {
            $0.append(Expectation(handshake: handshake, role: role, missing: links, deliver: deliver))
        }
    }

    /// Stops awaiting anybody of that job.
    public func forget(job: UUID) { expectations.withLock { $0.removeAll { $0.handshake.job == job } } }

    /// Stops listening, drops whoever hasn't proved itself, and waits for the thread. Connections that were handed on
    /// stay. The thread keeps the listener alive until then.
    public func close() {
        guard !stopped.exchange(true, ordering: .sequentiallyConsistent) else { return }
        var one: UInt64 = 1
        _ = write(wake, &one, MemoryLayout<UInt64>.size)
        thread.withLock { $0 }?.join()
        Glibc.close(descriptor)
        Glibc.close(wake)
        if case .unix(let path) = endpoint { unlink(path) }
    }

    private func serve() {
        var pending: [Pending] = []
        while !stopped.load(ordering: .sequentiallyConsistent) {
            var entries = [
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            ]
            for peer in pending {
                entries.append(pollfd(fd: peer.socket.descriptor, events: Int16(POLLIN), revents: 0))
            }
            let n = poll(&entries, nfds_t(entries.count), pending.isEmpty ? -1 : 250)
            if n < 0, errno != EINTR { sleepNanoseconds(50_000_000) }
            let now = monotonicNanoseconds()
            var kept: [Pending] = []
            for (var peer, entry) in zip(pending, entries.dropFirst(2)) {
                let goesOn = entry.revents == 0 || advance(&peer)
                if goesOn, now < peer.deadline { kept.append(peer) }
            }
            pending = kept
            if entries[1].revents != 0 { accept(into: &pending, now) }
        }
    }

    private func accept(into pending: inout [Pending], _ now: UInt64) {
        let fd = kc_accept(descriptor)
        guard fd >= 0 else {
            // Out of descriptors: the connection stays in the queue, so don't spin on it.
            if errno == EMFILE || errno == ENFILE { sleepNanoseconds(50_000_000) }
            return
        }
        if pending.count >= maxPending { pending.removeFirst() }
        pending.append(Pending(socket: Socket(taking: fd), deadline: now + helloTimeout))
    }

    /// Takes what a peer sent. False when it is done with: handed on or dropped.
    private func advance(_ peer: inout Pending) -> Bool {
        do {
            let (socket, start) = (peer.socket, peer.count)
            let n = try peer.hello.withUnsafeMutableBytes { bytes throws(NetworkError) -> Int? in
                guard let p = bytes.baseAddress else { return 0 }
                return try socket.receive(p + start, bytes.count - start)
            }
            guard let n else { return true }
            guard n > 0 else { return false }
            peer.count += n
            let magic = withUnsafeBytes(of: FrameHeader.magic.littleEndian) { Array($0) }
            guard peer.hello.prefix(min(peer.count, 4)).elementsEqual(magic.prefix(peer.count)) else { return false }
            guard peer.count >= FrameHeader.encodedSize else { return true }
            return try greet(&peer)
        } catch {
            // Malformed or broken: dropped without an answer; the job's own time-out tells the rest.
            return false
        }
    }

    private func greet(_ peer: inout Pending) throws -> Bool {
        let header = try peer.hello.withUnsafeBytes { bytes in
            guard let p = bytes.baseAddress else { throw FrameError.truncated }
            return try FrameHeader(decoding: p)
        }
        let candidates = expectations.withLock { $0 }.filter {
            $0.handshake.isAbout(header, from: $0.role.peer) && $0.missing.contains(LinkNumber(raw: header.stream))
        }
        guard !candidates.isEmpty else { return false }
        guard peer.count == FrameHeader.emptyFrame else { return true }
        for candidate in candidates {
            let isTrue = try peer.hello.withUnsafeMutableBytes { bytes in
                guard let p = bytes.baseAddress else { return false }
                return try candidate.handshake.verify(header, at: p, from: candidate.role.peer)
            }
            let link = LinkNumber(raw: header.stream)
            guard isTrue, claim(candidate.handshake, candidate.role, link) else { continue }
            let answer = try candidate.handshake.frame(link: link, role: candidate.role)
            let socket = peer.socket
            // A fresh connection takes 80 bytes at once.
            let sent = try answer.withUnsafeBytes { bytes in
                try bytes.baseAddress.map { try socket.send($0, bytes.count) } ?? nil
            }
            guard sent == answer.count else { return false }
            candidate.deliver(link, socket)
            return false
        }
        return false
    }

    /// Takes the link's place; false when another connection did.
    private func claim(_ handshake: Handshake, _ role: Role, _ link: LinkNumber) -> Bool {
        expectations.withLock { all in
            for i in all.indices
            where all[i].role == role && all[i].handshake.job == handshake.job
                && all[i].handshake.sender == handshake.sender && all[i].handshake.receiver == handshake.receiver
            {
                guard all[i].missing.remove(link) != nil else { continue }
                if all[i].missing.isEmpty { all.remove(at: i) }
                return true
            }
            return false
        }
    }
}
