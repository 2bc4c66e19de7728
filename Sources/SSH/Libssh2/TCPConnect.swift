import Glibc
import Synchronization

/// Opens a TCP connection; tries each address of the name in turn. Blocks, until `deadline` or `cancelled`.
func connectTCP(
    host: String, port: UInt16, family: Int32, deadline: ContinuousClock.Instant, cancelled: WakeEvent
) throws(SSHError) -> Int32 {
    let addresses = try resolve(host: host, port: port, family: family, deadline: deadline, cancelled: cancelled)
    var failure = SSHError.unreachable(host: host, port: port, reason: "the name has no address")
    for (index, address) in addresses.enumerated() {
        let now = ContinuousClock.now
        let share = now.duration(to: deadline) / (addresses.count - index)
        do throws(SSHError) {
            return try connect(address, host: host, port: port, deadline: now + share, cancelled: cancelled)
        } catch .cancelled {
            throw .cancelled
        } catch {
            failure = error
        }
    }
    throw failure
}

private struct SocketAddress: Sendable {
    var storage = sockaddr_storage()
    var length: socklen_t = 0
    var family: Int32 = 0
}

private func connect(
    _ address: SocketAddress, host: String, port: UInt16, deadline: ContinuousClock.Instant, cancelled: WakeEvent
) throws(SSHError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else { throw .process("socket: \(errnoText())") }
    var address = address
    let length = address.length
    let code = withUnsafePointer(to: &address.storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
    }
    do throws(SSHError) {
        if code != 0 {
            guard errno == EINPROGRESS else { throw .unreachable(host: host, port: port, reason: errnoText()) }
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: cancelled.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            if pollDescriptors(&descriptors, until: deadline) == 0 {
                throw .timedOut(host: host, port: port, phase: "TCP connection")
            }
            if descriptors[1].revents != 0 { throw .cancelled }
            var problem: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size)
            guard problem == 0 else { throw .unreachable(host: host, port: port, reason: errnoText(problem)) }
        }
    } catch {
        close(descriptor)
        throw error
    }
    setLiveness(descriptor)
    return descriptor
}

/// The kernel gives up a peer that is silent for about 45 seconds, idle or not.
private func setLiveness(_ descriptor: Int32) {
    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
    let tcp = Int32(IPPROTO_TCP)
    set(tcp, TCP_NODELAY, 1)
    set(tcp, TCP_USER_TIMEOUT, 45_000)
    set(tcp, TCP_KEEPIDLE, 15)
    set(tcp, TCP_KEEPINTVL, 10)
    set(tcp, TCP_KEEPCNT, 3)
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
}

/// getaddrinfo can be neither cancelled nor limited, so it runs on a thread that is left behind when time is up.
private func resolve(
    host: String, port: UInt16, family: Int32, deadline: ContinuousClock.Instant, cancelled: WakeEvent
) throws(SSHError) -> [SocketAddress] {
    let lookup = Lookup(done: try WakeEvent())
    try startThread("resolve") {
        let result = lookUp(host: host, port: port, family: family)
        lookup.result.withLock { $0 = result }
        lookup.done.signal()
    }
    var descriptors = [lookup.done.descriptor, cancelled.descriptor].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    if pollDescriptors(&descriptors, until: deadline) == 0 {
        throw .timedOut(host: host, port: port, phase: "name resolution")
    }
    if descriptors[1].revents != 0 { throw .cancelled }
    guard let result = lookup.result.withLock({ $0 }) else { throw .cancelled }
    return try result.get()
}

private final class Lookup: Sendable {
    let result = Mutex<Result<[SocketAddress], SSHError>?>(nil)
    let done: WakeEvent

    init(done: WakeEvent) {
        self.done = done
    }
}

private func lookUp(host: String, port: UInt16, family: Int32) -> Result<[SocketAddress], SSHError> {
    var hints = addrinfo()
    hints.ai_family = family
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
        return .failure(.unreachable(host: host, port: port, reason: String(cString: gai_strerror(code))))
    }
    defer { freeaddrinfo(list) }
    var result: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee {
        if let source = entry.ai_addr, Int(entry.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size {
            var address = SocketAddress()
            address.length = entry.ai_addrlen
            address.family = entry.ai_family
            withUnsafeMutableBytes(of: &address.storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(entry.ai_addrlen)))
            }
            result.append(address)
        }
        next = entry.ai_next
    }
    return .success(result)
}
