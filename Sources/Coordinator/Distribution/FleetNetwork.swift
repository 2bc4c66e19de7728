import Planner
import Topology

extension Fleet {
    /// The network between hosts as the topology file describes it, for the planner. Hosts that the file doesn't have
    /// take part with what is usual.
    /// - Parameters:
    ///   - minute: of the week, for links whose limit has a timetable.
    ///   - observed: rates that were seen. They count where the file has no figure.
    package func network(
        of names: [String], at minute: Int, observed: [ObservedRate] = []
    ) -> DistributionNetwork {
        let members = names.map { name in
            guard let host = host(named: name) else { return NetworkMember(name) }
            return NetworkMember(
                name, site: host.site, uplink: host.uplink.map { Double($0) },
                downlink: host.downlink.map { Double($0) },
                inboundCap: host.inboundCap.map { Double($0) })
        }
        let links = links.map { link in
            DistributionNetwork.SiteLink(
                link.first, link.second, capacity: link.allowance(at: minute).map { Double(max(1, $0)) })
        }
        let network = DistributionNetwork(members: members, links: links)
        return network.with(observed.filter { $0.rate >= 1 && $0.rate <= 1e15 })
    }
}

extension DistributionNetwork {
    /// The same with rates that were seen, as far as they stand for figures that it doesn't have.
    fileprivate func with(_ observed: [ObservedRate]) -> DistributionNetwork {
        var network = self
        network.observedHosts = observed.filter { lacksFigure(from: $0.source, to: $0.target) }
            .map { Observation(from: $0.source, to: $0.target, rate: $0.rate) }
        for link in links where link.capacity == nil {
            for (from, to) in [(link.first, link.second), (link.second, link.first)] {
                // Each pair of hosts has seen at least a part of what the link can carry.
                let rates = observed.filter { $0.sourceSite == from && $0.targetSite == to }.map(\.rate)
                guard let rate = rates.max() else { continue }
                network.observedLinks.append(Observation(from: from, to: to, rate: rate))
            }
        }
        return network
    }

    /// True when what one host can send to another isn't declared at one of the two.
    private func lacksFigure(from source: String, to target: String) -> Bool {
        guard let source = members.first(where: { $0.name == source }),
            let target = members.first(where: { $0.name == target })
        else { return false }
        return source.uplink == nil || target.downlink == nil
    }
}
