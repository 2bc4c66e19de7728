/// The shape of a distribution.
public enum FanOut: String, Sendable, Equatable, Codable, CaseIterable {
    /// Up to eight weighted trees, as good as the planner finds.
    case auto
    /// The source feeds every target itself.
    case star
    /// One path through all targets that crosses each link between sites once.
    case chain
    /// The best single tree.
    case tree
}
