import FoundationEssentials
import Synchronization

@testable import DataPlane

/// One transfer from a source to a few receivers in a random tree, over connections that misbehave as a seed says. Lost
/// links are replaced, and what is missing in the end is repaired, as a coordinator does it.
final class LossyTransfer: Sendable {
    /// What came of it.
    struct Verdict {
        var problems: [String] = []
        var replaced = 0
        var repairs = 0
    }

    private struct Links {
        var generations: [Int: Int] = [:]
        var replaced = 0
        var repairs = 0
        var isOver = false
    }

    private static let mostFaulty = 12

    private let seed: UInt64
    private let id = UUID()
    private let key: JobKey
    private let source: SimulatedDisk
    private let sinks: [SimulatedDisk]
    private let parents: [Int]
    private let streams: Int
    private let hasHoles: Bool
    private let send: SendJob
    private let receivers: [ReceiveJob]
    private let wire: FaultyWire
    private let links = Gate(Links())
    private let lost = Gate<[(child: Int, stream: Int?)]>([])

    init(seed: UInt64) throws {
        var generator = Seeded(seed)
        self.seed = seed
        key = try JobKey.random()
        let size = Int.random(in: 1...1_000_000, using: &generator)
        let disk = SimulatedDisk(size: size, &generator)
        source = disk
        streams = Int.random(in: 1...2, using: &generator)
        let count = Int.random(in: 1...4, using: &generator)
        parents = (0..<count).map { Int.random(in: -1..<$0, using: &generator) }
        sinks = (0..<count).map { _ in SimulatedDisk(targetOf: disk) }
        // A peer that falls silent costs a time-out in real time.
        hasHoles = Int.random(in: 0..<16, using: &generator) == 0
        var options = SendOptions(streams: streams)
        options.frameSize = Geometry.leaf << Int.random(in: 0...3, using: &generator)
        options.awaitsTargets = 0.1
        options.stallTimeout = 0.3
        send = try SendJob(id: id, key: key, disks: [(0, disk)], options: options)
        var receiving = ReceiveOptions(streams: streams)
        receiving.survivesLostLinks = true
        receiving.idleTimeout = 0.5
        receiving.linkTimeout = 30
        receivers = try sinks.map { [id, key, receiving] in
            try ReceiveJob(id: id, key: key, disks: [(0, $0)], options: receiving)
        }
        wire = try FaultyWire()
    }

    /// Runs to the end; answers what is wrong.
    func run() throws -> Verdict {
        defer { wire.end() }
        send.onLost { [lost] child, _, _ in lost.update { $0.append((Int(child) ?? 0, nil)) } }
        for (place, receiver) in receivers.enumerated() {
            receiver.onLost(
                link: { [lost] link, _ in lost.update { $0.append((place, Int(link.stream))) } },
                child: { [lost] child, _, _ in lost.update { $0.append((Int(child) ?? 0, nil)) } })
        }
        for child in receivers.indices { join(child, below: parents[child], Array(0..<streams)) }
        let results = Gate<[Int: Result<ReceiveReport, TransferError>]>([:])
        var threads: [WorkerThread] = []
        for (place, receiver) in receivers.enumerated() {
            threads.append(
                try WorkerThread(name: "sim-receive") {
                    let result = Result { () throws(TransferError) in try receiver.wait() }
                    results.update { $0[place] = result }
                })
        }
        threads.append(try WorkerThread(name: "sim-keeper") { self.keep(results) })
        let sent = Result { () throws(TransferError) in try send.run() }
        repair(until: results)
        for thread in threads { thread.join() }
        return verdict(sent, results.update { $0 })
    }

    private func verdict(
        _ sent: Result<SendReport, TransferError>, _ received: [Int: Result<ReceiveReport, TransferError>]
    ) -> Verdict {
        var verdict = Verdict()
        (verdict.replaced, verdict.repairs) = links.update { ($0.replaced, $0.repairs) }
        if case .failure(let error) = sent { verdict.problems.append("the sender: \(error)") }
        for (place, sink) in sinks.enumerated() {
            let wrong = sink.wrongWrites.load(ordering: .relaxed)
            if wrong > 0 { verdict.problems.append("receiver \(place): \(wrong) wrong writes") }
            switch received[place] {
            case .success? where !sink.isIdentical: verdict.problems.append("receiver \(place) differs")
            case .success?: break
            case .failure(let error)?: verdict.problems.append("receiver \(place): \(error)")
            case nil: verdict.problems.append("receiver \(place) has not ended")
            }
        }
        return verdict
    }

    /// Connections with faults of their own, whatever else has happened before; late ones behave.
    private func connect(_ child: Int, _ stream: Int, _ generation: Int) throws -> (Socket, Socket) {
        guard generation < Self.mostFaulty else {
            return try wire.connect(forward: WireFaults(), backward: WireFaults())
        }
        var generator = Seeded(seed &* 1_000_003 &+ UInt64(child * 10_007 + stream * 101 + generation))
        let forward = WireFaults(&generator, records: 12, holesForEver: hasHoles)
        let backward = WireFaults(&generator, records: 2, holesForEver: hasHoles)
        return try wire.connect(forward: forward, backward: backward)
    }

    private func nextGeneration(_ child: Int) -> Int {
        links.update { links in
            defer { links.generations[child, default: 0] += 1 }
            return links.generations[child, default: 0]
        }
    }

    /// Whoever can't be joined has ended, or its parent has; repairs bring the rest.
    @discardableResult
    private func join(_ child: Int, below parent: Int, _ streams: [Int]) -> Bool {
        let generation = nextGeneration(child)
        var near: [(LinkNumber, Socket)] = []
        do {
            for stream in streams {
                guard let link = LinkNumber(stream: stream, generation: generation) else { return false }
                let (a, b) = try connect(child, stream, generation)
                near.append((link, a))
                try receivers[child].attach(link: link, socket: b, sender: send.salt)
            }
            if parent < 0 {
                try send.addTarget(id: "\(child)", salt: receivers[child].salt, links: near)
            } else {
                try receivers[parent].addChild(id: "\(child)", salt: receivers[child].salt, links: near)
            }
            return true
        } catch {
            for (_, socket) in near { socket.shutDown() }
            return false
        }
    }

    /// Gives lost links new parents until all receivers have ended.
    private func keep(_ results: Gate<[Int: Result<ReceiveReport, TransferError>]>) {
        while results.update({ $0.count }) < receivers.count {
            let news = lost.wait(until: monotonicNanoseconds() + 5_000_000) { news in
                guard !news.isEmpty else { return nil as [(child: Int, stream: Int?)]? }
                defer { news = [] }
                return news
            }
            for (child, stream) in news ?? [] {
                // A child tells of each of its links; what its parent tells is the same again.
                guard let stream, results.update({ $0[child] == nil }) else { continue }
                let generation = links.update { $0.generations[child, default: 0] }
                guard generation < 40 else { continue }
                links.update { $0.replaced += 1 }
                let ancestor = generation % 2 == 0 || parents[child] < 0 ? -1 : parents[parents[child]]
                if !join(child, below: ancestor, [stream]) { join(child, below: -1, [stream]) }
            }
        }
    }

    /// Sends what is missing from the source until all receivers have ended.
    private func repair(until results: Gate<[Int: Result<ReceiveReport, TransferError>]>) {
        let deadline = monotonicNanoseconds() + 30_000_000_000
        while monotonicNanoseconds() < deadline {
            let ended = results.update { Set($0.keys) }
            if ended.count == receivers.count { return }
            for child in receivers.indices where !ended.contains(child) && receivers[child].activeLinks == 0 {
                guard let missing = receivers[child].missing(limit: 1000)[0], !missing.isEmpty else { continue }
                links.update { $0.repairs += 1 }
                // One that fails is tried again.
                try? repair(child, missing)
            }
            sleepNanoseconds(2_000_000)
        }
        for receiver in receivers { receiver.cancel() }
    }

    private func repair(_ child: Int, _ missing: [Range<UInt64>]) throws {
        var options = SendOptions(streams: 1)
        options.verify = false
        options.stallTimeout = 0.3
        let repair = try SendJob(id: id, key: key, disks: [(0, source)], options: options)
        let generation = nextGeneration(child)
        guard let link = LinkNumber(stream: 0, generation: generation) else { return }
        let (a, b) = try connect(child, 0, generation)
        try receivers[child].attach(link: link, socket: b, sender: repair.salt, passesOn: false)
        try repair.addTarget(id: "\(child)", salt: receivers[child].salt, links: [(link, a)])
        _ = try repair.run([try LeafRanges(missing, size: source.size)])
    }
}
