import AgentProtocol
import Logging
import Model
import Synchronization

/// A tunnel's share of what links and hosts may carry, together with all other operations of this coordinator.
final class LiveBudget: Sendable {
    private let tunnel: LiveTunnel
    private let budgets: Budgets
    private let logger: Logger
    private let flow: Flow
    private let whole: Flow
    /// What each of the two is limited to now.
    private let rates = Mutex<[Flow: UInt64]>([:])

    init(_ tunnel: LiveTunnel, budgets: Budgets, logger: Logger) {
        self.tunnel = tunnel
        self.budgets = budgets
        self.logger = logger
        flow = Flow(operation: tunnel.id, job: tunnel.job, parent: tunnel.here.name, child: tunnel.there.name)
        whole = Flow(operation: tunnel.id, job: tunnel.job, parent: tunnel.here.name, child: nil)
    }

    /// Takes the share; the tunnel is told of it, and of each change, as long as `keepTime` runs.
    func take() async {
        await budgets.begin(tunnel.id)
        await budgets.set(
            [flow: 1], of: tunnel.id, limit: tunnel.options.bandwidthLimit.map { OperationLimit($0, whole: whole) }
        ) { [self] changes in await apply(changes) }
    }

    /// Until the task is cancelled: what a timetable allows changes with the time of day.
    func keepTime() async { await budgets.keepTime() }

    func giveBack() async { await budgets.end(tunnel.id) }

    private func apply(_ changes: [Flow: UInt64?]) async {
        let rate = rates.withLock { rates in
            for (flow, rate) in changes { rates[flow] = rate }
            return rates.values.min()
        }
        do throws(KVMCloneError) {
            _ = try await tunnel.here.call(SetRate(job: tunnel.job, child: nil, rate: rate))
        } catch {
            // A tunnel that is gone carries nothing.
            logger.debug("no limit set", metadata: ["host": "\(tunnel.here.name)", "error": "\(error)"])
        }
    }
}
