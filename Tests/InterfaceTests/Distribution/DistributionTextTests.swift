import Model
import Planner
import Testing
import Topology
import YAML

@testable import Coordinator
@testable import Interface
@testable import kvm_clone

@Suite("Distributions as text and documents")
struct DistributionTextTests {
    @Test("are as reviewed for the shipped topologies", arguments: Golden.names)
    func golden(name: String) throws {
        let text = try DistributionText.render(.sample(Golden.fleet(name)))
        try Golden.expect(text, is: "\(name)-distribution.txt")
    }

    @Test("cohorts are told one by one")
    func cohorts() throws {
        let text = try DistributionText.render(.sample(Golden.fleet("two-sites"), splitsCohorts: true))
        try Golden.expect(text, is: "two-sites-cohorts.txt")
    }

    @Test("a star is told in a line, with its share of what trees could reach")
    func star() throws {
        let text = try DistributionText.render(.sample(Golden.fleet("two-sites"), .star))
        let lines = text.split(separator: "\n")
        #expect(
            lines.first == """
                Distribution of 10.0 GiB: star, hq1 sends to each of 4 targets itself, 10.0 MiB/s each, about 17m04s; \
                50 % of the bound, 20.0 MiB/s; hq → dc2 20.0 GiB
                """)
        #expect(lines.count == 3 && text.contains("is assumed where the topology has no rate: dc2-b\n"))
        #expect(lines.last?.hasPrefix("  the topology has rates for: hq1, ") == true)
    }

    @Test("a limit of the operation is told, since the figures don't count it")
    func limit() throws {
        var summary = try DistributionSummary.sample(Golden.fleet("lab"))
        summary.bandwidthLimit = 1 << 20
        #expect(try DistributionText.render(summary).hasSuffix("\n  the limit of 1.00 MiB/s is not counted here\n"))
    }

    @Test("a timetable is told as it was given, and observed rates with their age, beside what is declared and assumed")
    func figures() throws {
        var summary = try DistributionSummary.sample(Golden.fleet("lab"))
        summary.bandwidthTimetable = try Timetable(parsing: "08:00,10M 19:00,off")
        summary.observed = [
            .init(from: "kvm1", to: "kvm2", areSites: false, rate: 48 * 1_048_576, age: 3 * 86_400 + 5),
            .init(from: "hq", to: "dc2", areSites: true, rate: 1_048_576, age: 7200),
        ]
        summary.declared = .init(hosts: ["kvm1"], links: [["hq", "dc2"]])
        summary.assumed = .init(rate: 125e6, hosts: ["kvm3"], links: [])
        #expect(
            try DistributionText.render(summary).hasSuffix(
                """

                  the limit 08:00,10M 19:00,off is not counted here
                  48.0 MiB/s is what was observed from kvm1 to kvm2, 3 days ago
                  1.00 MiB/s is what was observed from hq to dc2, 2 hours ago
                  119 MiB/s is assumed where the topology has no rate: kvm3
                  the topology has rates for: kvm1, hq–dc2

                """))
    }

    @Test("where the network has no way to a target there is no forecast, and the text says why")
    func noForecast() throws {
        let network = DistributionNetwork(
            members: [NetworkMember("a", site: "x"), NetworkMember("b", site: "y"), NetworkMember("c", site: "x")],
            links: [DistributionNetwork.SiteLink("x", "z")])
        let summary = DistributionSummary(
            starFrom: "a", to: ["b", "c"], fanOut: .auto, network: network, bytes: 1 << 30)
        #expect(summary.rate == nil && summary.targets.isEmpty && summary.isStar)
        let text = try DistributionText.render(summary)
        #expect(text.contains("star, a sends to every target itself\n  there is no forecast: "))
    }

    @Test("the document has the plan's keys and those of the distribution, and is read back the same")
    func document() throws {
        let summary = try DistributionSummary.sample(Golden.fleet("hub"))
        let plan = ClonePlan(
            kind: .replicate, vm: "v", vmUUID: "u", source: "hub1", files: [], targets: [], findings: [])
        let tree = try YAMLValue(encoding: PlanDocument(plan: plan, distribution: summary))
        #expect(
            tree.fields.map(\.key) == [
                "kind", "vm", "vmUUID", "source", "files", "targets", "findings", "distribution",
            ])
        #expect(
            tree.fields.last?.value.fields.map(\.key) == [
                "fanOut", "isStar", "source", "bytes", "rate", "bound", "share", "cohorts", "targets", "links",
                "ingress", "sent", "declared", "observed", "assumed", "bandwidthLimit", "bandwidthTimetable",
                "note",
            ])
        #expect(try PlanFile.parse(Array(tree.json().utf8)) == summary)
        let empty = try YAMLValue(encoding: PlanDocument(plan: plan, distribution: nil))
        #expect(empty.fields.last?.value == .null)
    }

    @Test("a chain of a thousand hosts is written without recursion")
    func longChain() {
        let edges = (0..<1000).map { DistributionSummary.Edge(parent: "h\($0)", child: "h\($0 + 1)") }
        let lines = StripeTree(.init(share: 1, rate: 1, depth: 1000, edges: edges)).lines(indent: 2)
        #expect(lines.count == 1000)
        #expect(lines.first == "  h0" && lines.last?.hasSuffix("h999 → h1000") == true)
    }

    @Test("many leaves are wrapped below each other")
    func wrapping() {
        let edges = (1...40).map { DistributionSummary.Edge(parent: "root", child: "target-\($0)") }
        let lines = StripeTree(.init(share: 1, rate: 1, depth: 1, edges: edges)).lines(indent: 0)
        #expect(lines.count > 3 && lines.allSatisfy { $0.count <= 100 })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("       target-") })
    }
}
