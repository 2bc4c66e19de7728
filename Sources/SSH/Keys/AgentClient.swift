import Glibc

/// A connection to ssh-agent (draft-ietf-sshm-ssh-agent). Its calls block, until `deadline` or `cancelled`: a person
/// may have to confirm a signature.
final class AgentClient {
    struct Identity {
        let publicKey: [UInt8]
        let comment: String
    }

    private let descriptor: Int32
    private let deadline: ContinuousClock.Instant
    private let cancelled: WakeEvent

    /// Nil when no agent listens there.
    init?(socketPath: String, deadline: ContinuousClock.Instant, cancelled: WakeEvent) {
        self.deadline = deadline
        self.cancelled = cancelled
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(socketPath.utf8)
        guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return nil }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// The keys it holds; empty when it doesn't answer.
    func identities() -> [Identity] {
        let requestIdentities: UInt8 = 11
        let identitiesAnswer: UInt8 = 12
        guard var reader = request([requestIdentities]), reader.byte() == identitiesAnswer, let count = reader.uint32()
        else { return [] }
        var result: [Identity] = []
        for _ in 0..<min(count, 1024) {
            guard let key = reader.string(), let comment = reader.string() else { break }
            result.append(Identity(publicKey: key, comment: String(decoding: comment, as: UTF8.self)))
        }
        return result
    }

    /// The signature without the name of its algorithm; nil when the agent refuses.
    func sign(_ data: UnsafeBufferPointer<UInt8>, with key: [UInt8]) -> [UInt8]? {
        let signRequest: UInt8 = 13
        let signResponse: UInt8 = 14
        let body = [signRequest] + wireString(key) + wireString(data) + wireUInt32(0)
        guard var reader = request(body), reader.byte() == signResponse, let signature = reader.string() else {
            return nil
        }
        var inner = WireReader(signature)
        guard inner.string() != nil else { return nil }
        return inner.string()
    }

    private func request(_ body: [UInt8]) -> WireReader? {
        let message = wireString(body)
        guard message.withUnsafeBytes({ sendAll($0) }), let header = receive(4) else { return nil }
        var lengthReader = WireReader(header)
        guard let length = lengthReader.uint32(), length > 0, length <= 256 << 10 else { return nil }
        return receive(Int(length)).map { WireReader($0) }
    }

    private func sendAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
        return true
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: count)
        while result.count < count {
            var descriptors = [descriptor, cancelled.descriptor].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            pollDescriptors(&descriptors, until: deadline)
            guard descriptors[0].revents != 0, descriptors[1].revents == 0 else { return nil }
            let got = recv(descriptor, &chunk, count - result.count, 0)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            result += chunk.prefix(got)
        }
        return result
    }
}
