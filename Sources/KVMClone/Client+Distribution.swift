import Coordinator
import Model

extension Client {
    /// How a run of `plan` would get the data to its targets, and the expected rates, times and bytes. Targets with a
    /// finding that blocks are left out. Nil when nothing would be sent. Asks no host.
    ///
    /// Throws when `options` ask for a shape that the network doesn't allow, as the run does.
    public func distribution(
        of plan: ClonePlan, options: CloneOptions = CloneOptions()
    ) throws(KVMCloneError) -> DistributionSummary? {
        try coordinator.distributionSummary(of: plan, options)
    }
}
