import Model

/// Why there is no plan. Each says what to change.
public enum PlanError: Error, Sendable, Equatable {
    /// The request names no target.
    case noTargets
    /// The request names no root that has the data.
    case noRoots
    /// A root or target isn't a member of the network.
    case unknownHost(String)
    /// A member, root or target is named twice, or a target is a root.
    case namedTwice(String)
    /// A rate that isn't a number of 1 to 10^15 bytes per second. `place` says whose it is, such as `uplink of kvm1`.
    case badRate(place: String)
    /// An option outside its range; `place` says which.
    case badOption(place: String)
    /// A site has a link with itself.
    case linkToItself(site: String)
    /// No path leads from a root to these targets, not even by way of other targets.
    case unreachable([String])
    /// The roots don't reach these targets directly, which `star` needs.
    case notDirect([String])
    /// No single path visits every target.
    case noChain
}

extension PlanError: CustomStringConvertible {
    /// What is wrong, in one sentence.
    public var description: String {
        switch self {
        case .noTargets: "there is no target to send to"
        case .noRoots: "there is no host that has the data"
        case .unknownHost(let name): "\(Validation.printable(name)) is not a member of the network"
        case .namedTwice(let name): "\(Validation.printable(name)) is named twice"
        case .badRate(let place): "\(Validation.printable(place)) is not a rate of 1 to 10^15 bytes per second"
        case .badOption(let place): "\(Validation.printable(place)) is out of range"
        case .linkToItself(let site): "site \(Validation.printable(site)) has a link with itself"
        case .unreachable(let names): "no path leads to \(Self.list(names))"
        case .notDirect(let names): "the source does not reach \(Self.list(names)) directly"
        case .noChain: "no single path visits every target"
        }
    }

    /// What the reader can do next.
    public var whatToDo: String {
        switch self {
        case .noTargets, .noRoots: "name at least one"
        case .unknownHost, .namedTwice: "check the list of hosts"
        case .badRate, .linkToItself: "correct it in the topology file"
        case .badOption: "correct the option"
        case .unreachable: "add a target in a site between, or declare a link between the sites"
        case .notDirect, .noChain: "use --fanout auto or --fanout tree"
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).map { Validation.printable($0) }.joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}
