import Testing

@testable import Planner

@Suite("Requests that have no plan")
struct ErrorTests {
    private static let members = [
        NetworkMember("a", site: "x"), NetworkMember("b", site: "y"), NetworkMember("c", site: "z"),
    ]
    private static let linked = DistributionNetwork(members: members, links: [.init("x", "y"), .init("y", "z")])

    private static func request(
        _ network: DistributionNetwork = linked, roots: [String] = ["a"], targets: [String] = ["b", "c"],
        _ fanOut: FanOut = .auto, stripes: Int = 8
    ) -> DistributionRequest {
        DistributionRequest(network: network, roots: roots, targets: targets, fanOut: fanOut, mostStripes: stripes)
    }

    private static func network(_ change: (inout DistributionNetwork) -> Void) -> DistributionNetwork {
        var network = linked
        change(&network)
        return network
    }

    @Test(
        "are refused with what is wrong",
        arguments: [
            (request(targets: []), PlanError.noTargets),
            (request(roots: []), .noRoots),
            (request(targets: ["b", "nobody"]), .unknownHost("nobody")),
            (request(targets: ["b", "b"]), .namedTwice("b")),
            (request(targets: ["a"]), .namedTwice("a")),
            (request(network { $0.members.append(NetworkMember("a")) }), .namedTwice("a")),
            (request(network { $0.members[1].uplink = 0 }), .badRate(place: "uplink of b")),
            (request(network { $0.members[1].writeRate = -1 }), .badRate(place: "write rate of b")),
            (request(network { $0.members[1].downlink = .nan }), .badRate(place: "downlink of b")),
            (request(network { $0.links[0].capacity = .infinity }), .badRate(place: "capacity of the link x-y")),
            (
                request(network { $0.observedHosts = [.init(from: "a", to: "b", rate: 0)] }),
                .badRate(place: "observed rate from a to b")
            ),
            (request(network { $0.links.append(.init("z", "z")) }), .linkToItself(site: "z")),
            (request(stripes: 9), .badOption(place: "the number of stripes, 1 to 8")),
            (request(targets: ["c"]), .unreachable(["c"])),
            (request(network { $0.unreachable = [.init(from: "b", to: "c")] }), .unreachable(["c"])),
            (request(.star), .notDirect(["c"])),
            (request(linked, roots: ["b"], targets: ["a", "c"], .chain), .noChain),
        ])
    func refused(request: DistributionRequest, error: PlanError) {
        #expect(throws: error) { try DistributionPlanner.plan(request) }
        #expect(!error.description.isEmpty && !error.whatToDo.isEmpty)
    }

    @Test("name the targets that can't be reached, so that others can be planned for")
    func unreachable() throws {
        let request = Self.request(Self.network { $0.unreachable = [.init(from: "b", to: "c")] })
        #expect(try DistributionPlanner.unreachableTargets(request) == ["c"])
        #expect(try DistributionPlanner.unreachableTargets(Self.request()) == [])
    }
}

extension ErrorTests {
    private static func request(_ fanOut: FanOut) -> DistributionRequest { request(linked, fanOut) }
}
