import Topology

@testable import Planner

extension DistributionRequest {
    /// From the first host of a fleet to all others, links as at noon.
    init(fleet: Fleet, fanOut: FanOut = .auto) {
        let members = fleet.hosts.map { host in
            NetworkMember(
                host.name, site: host.site, uplink: host.uplink.map { Double($0) },
                downlink: host.downlink.map { Double($0) },
                inboundCap: host.inboundCap.map { Double($0) })
        }
        let links = fleet.links.map { link in
            DistributionNetwork.SiteLink(
                link.first, link.second, capacity: link.allowance(at: 12 * 60).map { Double($0) })
        }
        self.init(
            network: DistributionNetwork(members: members, links: links), roots: [fleet.hosts[0].name],
            targets: fleet.hosts.dropFirst().map(\.name), fanOut: fanOut)
    }
}
