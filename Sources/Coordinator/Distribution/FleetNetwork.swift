import Planner
import Topology

extension Fleet {
    /// The network between hosts as the topology file describes it, for the planner. Hosts that the file doesn't have
    /// take part with what is usual.
    /// - Parameter minute: of the day, 0 to 1439, for links whose limit has a timetable.
    package func network(of names: [String], at minute: Int) -> DistributionNetwork {
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
        return DistributionNetwork(members: members, links: links)
    }
}
