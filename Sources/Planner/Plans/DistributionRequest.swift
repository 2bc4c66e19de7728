/// What is to be sent where.
public struct DistributionRequest: Sendable, Equatable, Codable {
    /// The network that the hosts are members of.
    public var network: DistributionNetwork
    /// Hosts that have all of what is to be sent: the source, and when a plan is made anew, peers that have it already.
    /// To keep the source from being read again for what a peer has, name the peers only.
    public var roots: [String]
    /// Hosts that want it.
    public var targets: [String]
    /// The shape.
    public var fanOut: FanOut
    /// Bytes to send, if known: stripes are then chosen so that its units of work divide well.
    public var payload: UInt64?
    /// Slow targets become cohorts of their own. Otherwise all targets get the data at the rate of the slowest.
    public var splitsCohorts: Bool
    /// The most stripes of a cohort, 1 to 8.
    public var mostStripes: Int

    /// A request made of its parts.
    public init(
        network: DistributionNetwork, roots: [String], targets: [String], fanOut: FanOut = .auto,
        payload: UInt64? = nil, splitsCohorts: Bool = true, mostStripes: Int = 8
    ) {
        self.network = network
        self.roots = roots
        self.targets = targets
        self.fanOut = fanOut
        self.payload = payload
        self.splitsCohorts = splitsCohorts
        self.mostStripes = mostStripes
    }

    /// The same request after hosts have died and others have got everything: these are roots from now on.
    public func replanned(withoutDead dead: Set<String>, complete: Set<String> = []) -> DistributionRequest {
        var next = self
        let finished = targets.filter { complete.contains($0) && !dead.contains($0) }
        next.roots = roots.filter { !dead.contains($0) } + finished
        next.targets = targets.filter { !dead.contains($0) && !complete.contains($0) }
        return next
    }
}
