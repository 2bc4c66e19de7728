import Interface
import KVMClone
import Model
import Topology

/// A topology, and how data travels through it, as a picture.
enum FleetPicture {
    /// Throws when the distribution has hosts that the fleet lacks.
    static func make(_ fleet: Fleet, _ distribution: DistributionSummary? = nil) throws(KVMCloneError) -> NetworkPicture
    {
        if let distribution { try check(distribution, against: fleet) }
        let places = Dictionary(fleet.sites.enumerated().map { ($1, $0) }) { first, _ in first }
        var sites = fleet.sites.map { NetworkPicture.Site($0, hosts: []) }
        var loose = NetworkPicture.Site(fleet.sites.isEmpty ? "hosts" : "no site", hosts: [], isDeclared: false)
        for host in fleet.hosts {
            let drawn = NetworkPicture.Host(
                host.name, figures: figures(host), isSource: host.name == distribution?.source)
            if let place = host.site.flatMap({ places[$0] }) {
                sites[place].hosts.append(drawn)
            } else {
                loose.hosts.append(drawn)
            }
        }
        if !loose.hosts.isEmpty { sites.append(loose) }
        let links = fleet.links.compactMap { link -> NetworkPicture.Link? in
            guard let first = places[link.first], let second = places[link.second] else { return nil }
            return NetworkPicture.Link(first, second, label: label(link, distribution))
        }
        return NetworkPicture(
            title: "Topology \(fleet.name)", notes: notes(fleet, distribution), sites: sites, links: links,
            flows: distribution.map(flows) ?? [])
    }

    private static func notes(_ fleet: Fleet, _ distribution: DistributionSummary?) -> [String] {
        var notes: [String] = []
        if let plan = distribution {
            var text = "\(ByteCount.format(plan.bytes)) from \(plan.source) to \(plan.targets.count) "
            text += plan.targets.count == 1 ? "target" : "targets"
            if let rate = plan.rate, let bound = plan.bound, let share = plan.share {
                text += ": \(ByteCount.formatRate(rate)), \(DistributionText.percent(share)) of the bound, "
                text += ByteCount.formatRate(bound)
            }
            if let end = plan.targets.map(\.seconds).max() { text += ", about \(DurationText.span(end))" }
            notes.append(text)
            if let note = plan.note { notes.append(note) }
        }
        let shown = fleet.hosts.contains { !figures($0).isEmpty } || !fleet.links.isEmpty
        if shown { notes.append("Bytes per second: ↑ uplink, ↓ downlink, ↕ both, ≤ cap on what comes in") }
        return notes
    }

    /// A host's network card, as the file writes it.
    private static func figures(_ host: ResolvedHost) -> String {
        var parts: [String] = []
        if let up = host.uplink, up == host.downlink {
            parts.append("↕ \(ByteCount.exact(up))")
        } else {
            if let up = host.uplink { parts.append("↑ \(ByteCount.exact(up))") }
            if let down = host.downlink { parts.append("↓ \(ByteCount.exact(down))") }
        }
        if let cap = host.inboundCap { parts.append("≤ \(ByteCount.exact(cap))") }
        return parts.joined(separator: "  ")
    }

    private static func label(_ link: Link, _ distribution: DistributionSummary?) -> [String] {
        var lines = [link.capacity.map { ByteCount.exact($0) } ?? "capacity not known"]
        if let limit = link.limit { lines.append("limit \(ByteCount.exact(limit))") }
        if let timetable = link.timetable { lines += timetable.description.split(separator: " ").map(String.init) }
        for crossing in distribution?.links ?? [] {
            let ends = [crossing.from, crossing.to]
            guard ends == [link.first, link.second] || ends == [link.second, link.first] else { continue }
            lines.append("\(ByteCount.format(crossing.bytes)) → \(crossing.to)")
        }
        return lines
    }

    private static func flows(_ distribution: DistributionSummary) -> [NetworkPicture.Flow] {
        distribution.cohorts.enumerated().flatMap { place, cohort in
            cohort.stripes.enumerated().map { number, stripe in
                let name = distribution.cohorts.count > 1 ? "cohort \(place + 1), stripe" : "stripe"
                return NetworkPicture.Flow(
                    legend: "\(name) \(number + 1): \(DistributionText.percent(stripe.share)) of the bytes, "
                        + "\(ByteCount.formatRate(stripe.rate)), depth \(stripe.depth)",
                    share: stripe.share, arrows: stripe.edges.map { ($0.parent, $0.child) })
            }
        }
    }

    private static func check(_ plan: DistributionSummary, against fleet: Fleet) throws(KVMCloneError) {
        let edges = plan.cohorts.flatMap { $0.stripes.flatMap(\.edges) }
        let named = [plan.source] + plan.targets.map(\.host) + edges.flatMap { [$0.parent, $0.child] }
        var missing: [String] = []
        for name in named where fleet.host(named: name) == nil && !missing.contains(name) { missing.append(name) }
        guard missing.isEmpty else {
            let shown = missing.prefix(5).map { Validation.printable($0) }.joined(separator: ", ")
            let more = missing.count > 5 ? " and \(missing.count - 5) more" : ""
            throw KVMCloneError(
                .validation, "the plan has hosts that \(fleet.file ?? "the topology") lacks: \(shown)\(more)",
                whatToDo: "name the topology file that the plan was made with", field: "plan")
        }
    }
}
