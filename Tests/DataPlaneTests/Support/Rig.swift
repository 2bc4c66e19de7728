import FoundationEssentials

@testable import DataPlane

/// One sender and its receivers, connected by socket pairs. Everything on it blocks.
final class Rig: Sendable {
    let key: JobKey
    let send: SendJob
    let receivers: [ReceiveJob]

    /// - Parameter targets: the sinks of each target, disk by disk.
    init(
        sources: [any DiskSource], targets: [[any DiskSink]], send options: SendOptions = SendOptions(),
        receive: ReceiveOptions? = nil
    ) throws {
        key = try JobKey.random()
        let id = UUID()
        let disks = sources.enumerated().map { (index: UInt32($0.offset), source: $0.element) }
        send = try SendJob(id: id, key: key, disks: disks, options: options)
        var receivers: [ReceiveJob] = []
        for (number, sinks) in targets.enumerated() {
            let disks = sinks.enumerated().map { (index: UInt32($0.offset), sink: $0.element) }
            var receiveOptions = receive ?? ReceiveOptions()
            receiveOptions.streams = options.streams
            receiveOptions.epoch = options.epoch
            let receiver = try ReceiveJob(id: id, key: key, disks: disks, options: receiveOptions)
            var sockets: [Socket] = []
            for stream in 0..<options.streams {
                let (a, b) = try Socket.pair()
                sockets.append(a)
                try receiver.attach(stream: UInt16(stream), socket: b, sender: send.salt)
            }
            try send.addTarget(id: "target \(number)", salt: receiver.salt, sockets: sockets)
            receivers.append(receiver)
        }
        self.receivers = receivers
    }

    /// Runs the sender, then collects what each receiver says.
    func run() -> (sent: Result<SendReport, TransferError>, received: [Result<ReceiveReport, TransferError>]) {
        let sent = Result { () throws(TransferError) in try send.run() }
        let received = receivers.map { receiver in Result { () throws(TransferError) in try receiver.wait() } }
        return (sent, received)
    }
}

/// The root digest as its definition reads, step by step.
func plainRoot(_ bytes: [UInt8]) throws -> Digest256 {
    let hasher = try SHA256()
    var rooted = Array("kvm-clone root 1".utf8)
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { rooted.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(65536).littleEndian) { rooted.append(contentsOf: $0) }
    for unit in stride(from: 0, to: bytes.count, by: 16 << 20) {
        var leaves: [UInt8] = []
        let unitEnd = min(unit + (16 << 20), bytes.count)
        for leaf in stride(from: unit, to: unitEnd, by: 65536) {
            try hasher.update(Array(bytes[leaf..<min(leaf + 65536, unitEnd)]))
            leaves += try hasher.finish().bytes
        }
        try hasher.update(leaves)
        rooted += try hasher.finish().bytes
    }
    try hasher.update(rooted)
    return try hasher.finish()
}

extension LinkNumber: ExpressibleByIntegerLiteral {
    /// The raw number.
    public init(integerLiteral value: UInt16) { self.init(raw: value) }

    /// The links of a job's streams at the first attempt.
    static func first(_ streams: Int) -> Set<LinkNumber> { Set((0..<UInt16(streams)).map { LinkNumber(raw: $0) }) }
}
