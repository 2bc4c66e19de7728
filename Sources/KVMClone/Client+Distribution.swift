import Coordinator
import Model

extension Client {
    /// How a run of `plan` would get the data to its targets, and the expected rates, times and bytes. Targets with a
    /// finding that blocks are left out. Nil when nothing would be sent. Asks no host, and counts with rates that earlier operations
    /// have seen where the topology has no figure.
    ///
    /// Throws when `options` ask for a shape that the network doesn't allow, as the run does.
    public func distribution(
        of plan: ClonePlan, options: CloneOptions = CloneOptions()
    ) async throws(KVMCloneError) -> DistributionSummary? {
        let coordinator = coordinator
        return try coordinator.distributionSummary(of: plan, options, observed: await coordinator.observedRates())
    }
}
