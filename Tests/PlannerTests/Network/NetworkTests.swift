import Testing

@testable import Planner

@Suite("Networks")
struct NetworkTests {
    private func network(links: [DistributionNetwork.SiteLink]) -> DistributionNetwork {
        DistributionNetwork(
            members: [
                NetworkMember("a1", site: "a"), NetworkMember("a2", site: "a"), NetworkMember("b1", site: "b"),
                NetworkMember("c1", site: "c"), NetworkMember("free"),
            ], links: links)
    }

    @Test("without links everyone reaches everyone")
    func open() {
        #expect(network(links: []).reaches(from: "a1", to: "c1"))
    }

    @Test(
        "with links only sites with one between them reach each other",
        arguments: [
            ("a1", "a2", true), ("a1", "b1", true), ("b1", "a1", true), ("b1", "c1", true), ("a1", "c1", false),
            ("free", "c1", true), ("a1", "free", true), ("a1", "a1", false), ("a1", "nobody", false),
        ])
    func linked(from: String, to: String, reaches: Bool) {
        let network = network(links: [.init("a", "b"), .init("c", "b", capacity: 1e6)])
        #expect(network.reaches(from: from, to: to) == reaches)
        let graph = ResourceGraph(network)
        if let one = graph.index[from], let other = graph.index[to] {
            #expect(graph.reaches(from: one, to: other) == reaches)
        }
    }

    @Test("a cut way is cut in its direction only")
    func cut() {
        var network = network(links: [])
        network.unreachable = [.init(from: "a1", to: "b1")]
        #expect(!network.reaches(from: "a1", to: "b1"))
        #expect(network.reaches(from: "b1", to: "a1"))
        #expect(!ResourceGraph(network).reaches(from: 0, to: 2))
    }

    @Test("what isn't declared has the default, and what was observed corrects it")
    func defaults() {
        var network = network(links: [.init("a", "b"), .init("b", "c", capacity: 5e6)])
        network.members[1] = NetworkMember(
            "a2", site: "a", uplink: 9e6, downlink: 8e6, inboundCap: 7e6, sealRate: 7.5e6)
        network.observedHosts = [.init(from: "a1", to: "b1", rate: 1e9), .init(from: "a2", to: "b1", rate: 2e6)]
        network.observedLinks = [
            .init(from: "a", to: "b", rate: 3e6), .init(from: "b", to: "c", rate: 9e9),
            .init(from: "c", to: "b", rate: 4e6),
        ]
        let graph = ResourceGraph(network)
        #expect(Array(graph.capacities[..<5]) == [1e9, 9e6, 125e6, 125e6, 125e6])
        #expect(graph.intake == [125e6, 7e6, 1e9, 125e6, 125e6])
        #expect(Array(graph.capacities[5...]) == [3e6, 125e6, 5e6, 4e6, 1e9, 2e6])
        #expect(graph.output[1] == 7.5e6)
    }
}
