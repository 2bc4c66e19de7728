import FoundationEssentials

@testable import DataPlane

/// A sender and receivers of which each passes the streams on to the next, connected by socket pairs.
final class ChainRig: Sendable {
    let id = UUID()
    let key: JobKey
    let send: SendJob
    let receivers: [ReceiveJob]
    let streams: Int

    /// - Parameter timeLapse: how much faster than usual time passes where it is judged who is too slow.
    init(
        source: any DiskSource, sinks: [any DiskSink], streams: Int = 2, waits: Double? = 5, joins: Bool = true,
        timeLapse: UInt64 = 1
    ) throws {
        key = try JobKey.random()
        self.streams = streams
        var options = SendOptions(streams: streams)
        options.awaitsTargets = waits
        options.frameSize = 128 << 10
        options.lagClock = { monotonicNanoseconds() &* timeLapse }
        send = try SendJob(id: id, key: key, disks: [(0, source)], options: options)
        var receiving = ReceiveOptions(streams: streams)
        receiving.survivesLostLinks = true
        receiving.idleTimeout = 20
        receiving.lagClock = options.lagClock
        receivers = try sinks.map { [id, key] in
            try ReceiveJob(id: id, key: key, disks: [(0, $0)], options: receiving)
        }
        if joins { for place in receivers.indices { try join(place, below: place - 1) } }
    }

    /// Joins a receiver to another one, or to the sender at -1.
    func join(
        _ child: Int, below parent: Int, generation: Int = 0, streams only: [Int]? = nil,
        _ terms: TargetTerms = TargetTerms()
    ) throws {
        var near: [(LinkNumber, Socket)] = []
        var far: [(LinkNumber, Socket)] = []
        for stream in only ?? Array(0..<streams) {
            guard let link = LinkNumber(stream: stream, generation: generation) else { continue }
            let (a, b) = try Socket.pair()
            near.append((link, a))
            far.append((link, b))
        }
        for (link, socket) in far { try receivers[child].attach(link: link, socket: socket, sender: send.salt) }
        if parent < 0 {
            try send.addTarget(id: "receiver \(child)", salt: receivers[child].salt, links: near, terms: terms)
        } else {
            try receivers[parent].addChild(
                id: "receiver \(child)", salt: receivers[child].salt, links: near, terms: terms)
        }
    }

    /// Sends what `child` lacks from a source of its own, as another origin.
    func repair(_ child: Int, from source: any DiskSource, generation: Int) throws -> SendReport {
        let missing = receivers[child].missing(limit: 1000)
        var options = SendOptions(streams: 1)
        options.verify = false
        let repair = try SendJob(
            id: id, key: key, disks: [(0, source)], options: options)
        guard let link = LinkNumber(stream: 0, generation: generation) else { throw CancellationError() }
        let (a, b) = try Socket.pair()
        try receivers[child].attach(link: link, socket: b, sender: repair.salt, passesOn: false)
        try repair.addTarget(id: "receiver \(child)", salt: receivers[child].salt, links: [(link, a)])
        return try repair.run([try LeafRanges(missing[0] ?? [], size: source.size)])
    }

    /// Repairs `child` from a disk that has everything whenever nothing comes, until it lacks nothing.
    func keepRepairing(_ child: Int, from source: any DiskSource) throws -> WorkerThread {
        try WorkerThread(name: "test-repair") { [self] in
            for generation in 1..<500 {
                sleepNanoseconds(20_000_000)
                if receivers[child].missing(limit: 1)[0] == [] { return }
                guard receivers[child].activeLinks == 0 else { continue }
                // A repair that fails is tried again.
                _ = try? repair(child, from: source, generation: generation)
            }
        }
    }

    /// Runs sender and receivers, each on a thread of its own.
    func run() -> (sent: Result<SendReport, TransferError>, received: [Result<ReceiveReport, TransferError>]) {
        let results = Gate<[Int: Result<ReceiveReport, TransferError>]>([:])
        for (place, receiver) in receivers.enumerated() {
            let thread = try? WorkerThread(name: "test") {
                let result = Result { () throws(TransferError) in try receiver.wait() }
                results.update { $0[place] = result }
            }
            if thread == nil { receiver.cancel() }
        }
        let sent = Result { () throws(TransferError) in try send.run() }
        let all = results.wait { [count = receivers.count] in $0.count == count ? $0 : nil } ?? [:]
        return (sent, receivers.indices.compactMap { all[$0] })
    }
}
