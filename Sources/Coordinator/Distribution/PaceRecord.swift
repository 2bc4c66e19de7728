import AgentProtocol
import Model
import Synchronization

/// How an operation's source and targets spent the time of a copy, to tell whether it was the network that set the pace.
final class PaceRecord: Sendable {
    /// Bytes on the wire from which a rate says something.
    static let leastBytes: UInt64 = 64 << 20
    /// Parts of the time: that the sender could not send, and that the receiver had nothing to receive. When both are
    /// waiting, what lies between them is the slowest.
    static let leastBlocked = 0.6, leastStarved = 0.6

    private struct State {
        var sent: (response: Send.Response, seconds: Double)?
        var waits: [String: UInt64] = [:]
    }

    private let streams: Int
    private let state = Mutex(State())

    /// `streams`: threads at each end, whose times are summed up.
    init(streams: Int) { self.streams = streams }

    func sent(_ response: Send.Response, in duration: Duration) {
        state.withLock { $0.sent = (response, duration / .seconds(1)) }
    }

    func received(_ response: Receive.Response, by host: String) {
        state.withLock { $0.waits[host] = response.stages["wait"] ?? 0 }
    }

    /// The only target that the source sent to, and the rate, in bytes per second, if that was the network's. Nil when
    /// anything else may have set the pace. With more than one target it can't be told which one did.
    var networkRate: (target: String, rate: Double)? {
        state.withLock { state in
            guard let (response, seconds) = state.sent, seconds > 0, response.targets.count == 1,
                let target = response.targets.first, target.failure == nil, target.wireBytes >= Self.leastBytes,
                let starved = state.waits[target.peer]
            else { return nil }
            let time = seconds * Double(max(1, streams)) * 1e9
            let blocked = Double(response.stages["wait"] ?? 0) / time
            guard blocked >= Self.leastBlocked, Double(starved) / time >= Self.leastStarved else { return nil }
            return (target.peer, Double(target.wireBytes) / seconds)
        }
    }
}

extension CopyRun {
    /// Remembers what the network was seen to carry, unless something limited the operation or it had company.
    func learn(from pace: PaceRecord) async {
        guard let (target, rate) = pace.networkRate, await operation.budgets.isUndisturbed(operation.id),
            tracker.path(host: target) == .direct
        else { return }
        let source = operation.source.name
        let fleet = operation.budgets.fleet
        let observed = ObservedRate(
            source: source, target: target, sourceSite: fleet?.host(named: source)?.site,
            targetSite: fleet?.host(named: target)?.site, rate: rate,
            time: Int(operation.budgets.clock.now()))
        do throws(KVMCloneError) {
            try await operation.journal.remember(observed)
        } catch {
            operation.logger.warning("an observed rate isn't remembered", metadata: ["error": "\(error)"])
        }
    }
}
