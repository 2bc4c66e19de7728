extension DistributionNetwork {
    /// Throws at the first figure that isn't a rate of 1 to 10^15 bytes per second, at names given twice and at a link
    /// from a site to itself.
    func validate() throws(PlanError) {
        var names: Set<String> = []
        for member in members {
            guard names.insert(member.name).inserted else { throw .namedTwice(member.name) }
            for rate in member.rates { try Self.check(rate.value, "\(rate.name) of \(member.name)") }
        }
        for link in links {
            guard link.first != link.second else { throw .linkToItself(site: link.first) }
            try Self.check(link.capacity, "capacity of the link \(link.first)-\(link.second)")
        }
        for observation in observedHosts + observedLinks {
            let direction = observation.direction
            try Self.check(observation.rate, "observed rate from \(direction.from) to \(direction.to)")
        }
    }

    private static func check(_ rate: Double?, _ place: @autoclosure () -> String) throws(PlanError) {
        guard let rate else { return }
        guard rate >= 1, rate <= 1e15 else { throw .badRate(place: place()) }
    }
}
