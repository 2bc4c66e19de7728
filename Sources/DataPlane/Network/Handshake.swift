import FoundationEssentials
import Glibc

/// The part that one end plays in a job.
public enum Role: UInt8, Sendable {
    /// It has the disks.
    case sender = 1
    /// It gets the disks.
    case receiver = 2

    var direction: Direction { self == .sender ? .forward : .backward }
    /// The part of the other end.
    public var peer: Role { self == .sender ? .receiver : .sender }
}

/// How two ends of a job prove to each other that the coordinator told both of the pair: each sends one hello frame,
/// the dialling end first. The frame is the same however often it is sent, so no nonce is used for two messages.
public struct Handshake: Sendable {
    /// The job.
    public let job: UUID
    let key: JobKey
    let epoch: UInt32
    let sender: Salt
    let receiver: Salt

    /// A pair of ends, named by their salts, in a job and a generation of its source.
    public init(job: UUID, key: JobKey, epoch: UInt32 = 0, sender: Salt, receiver: Salt) {
        self.job = job
        self.key = key
        self.epoch = epoch
        self.sender = sender
        self.receiver = receiver
    }

    /// Proves this end on a connection that it dialled, and awaits the peer's proof. Blocks up to `timeout` seconds.
    public func dial(_ socket: Socket, link: LinkNumber, as role: Role, timeout: Double = 10) throws {
        let deadline = monotonicNanoseconds() + UInt64(max(0, timeout) * 1e9)
        let mine = try frame(link: link, role: role)
        try mine.withUnsafeBytes { bytes in
            guard let p = bytes.baseAddress else { return }
            try socket.sendAll(p, bytes.count, deadline: deadline)
        }
        var theirs = [UInt8](repeating: 0, count: FrameHeader.emptyFrame)
        try theirs.withUnsafeMutableBytes { bytes in
            guard let p = bytes.baseAddress else { return }
            try socket.receiveAll(p, bytes.count, deadline: deadline)
            let header = try FrameHeader(decoding: p)
            guard try verify(header, at: p, from: role.peer), header.stream == link.raw else {
                throw NetworkError(.refused, "greet the peer")
            }
        }
    }

    /// The one hello frame of that link and role.
    func frame(link: LinkNumber, role: Role) throws(CryptoError) -> [UInt8] {
        var header = FrameHeader(.hello, job: job, epoch: epoch, stream: link.raw)
        header.flags = role.rawValue
        header.offset = sender.prefix
        header.logicalLength = receiver.prefix
        let sealer = try FrameSealer(key: helloKey(link, role))
        var frame = [UInt8](repeating: 0, count: FrameHeader.emptyFrame)
        try frame.withUnsafeMutableBufferPointer { (bytes) throws(CryptoError) in
            guard let p = bytes.baseAddress else { return }
            _ = try sealer.seal(header, at: p)
        }
        return frame
    }

    /// Whether a hello frame names this pair and the peer's part; says nothing of its truth.
    func isAbout(_ header: FrameHeader, from role: Role) -> Bool {
        header.kind == .hello && header.job == job && header.epoch == epoch && header.flags == role.rawValue
            && header.offset == sender.prefix && header.logicalLength == receiver.prefix
    }

    /// Whether the frame at `frame` is the pair's true hello in that role.
    func verify(_ header: FrameHeader, at frame: UnsafeMutableRawPointer, from role: Role) throws(CryptoError) -> Bool {
        guard isAbout(header, from: role) else { return false }
        let opener = try FrameOpener(key: helloKey(LinkNumber(raw: header.stream), role))
        do {
            try opener.open(header, at: frame)
            return true
        } catch {
            return false
        }
    }

    private func helloKey(_ link: LinkNumber, _ role: Role) throws(CryptoError) -> StreamKey {
        try StreamKey.hello(
            key, sender: sender, receiver: receiver, stream: link.raw, direction: role.direction, epoch: epoch)
    }
}
