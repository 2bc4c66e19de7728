import FoundationEssentials
import Testing
import Topology

@testable import Planner

@Suite("Plans of the shipped topologies")
struct GoldenTests {
    static let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Golden"
    static let topologies = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" } + "/topologies"

    static let cases: [(String, FanOut)] =
        ["pair", "lab", "two-sites", "hub", "mixed", "large"].map { ($0, .auto) }
        + [("two-sites", .star), ("two-sites", .chain), ("two-sites", .tree), ("large", .tree)]

    /// KVM_CLONE_UPDATE_GOLDEN=1 in the environment writes the files anew.
    @Test("are as reviewed", arguments: cases)
    func same(name: String, fanOut: FanOut) throws {
        let fleet = try Fleet.load("\(Self.topologies)/\(name).yaml", home: "/home/me")
        let plan = try DistributionPlanner.plan(DistributionRequest(fleet: fleet, fanOut: fanOut))
        plan.expectValidTrees()
        plan.expectWithinCapacities()
        let text = PlanPrinter(plan: plan, bytes: 10 << 30).text
        let path = "\(Self.folder)/\(name)-\(fanOut.rawValue).txt"
        if ProcessInfo.processInfo.environment["KVM_CLONE_UPDATE_GOLDEN"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
}
