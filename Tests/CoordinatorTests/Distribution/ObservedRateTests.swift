import AgentProtocol
import Logging
import Model
import Planner
import Testing
import Topology

@testable import Coordinator

@Suite("Observed rates")
struct ObservedRateTests {
    private static let day = 86_400

    private static func seen(_ source: String, _ target: String, _ rate: Double, _ time: Int = 0) -> ObservedRate {
        ObservedRate(source: source, target: target, sourceSite: "x", targetSite: "y", rate: rate, time: time)
    }

    @Test("half of a rate is new, unless the older one is more than 30 days old or a host has moved")
    func smoothing() {
        let older = Self.seen("a", "b", 100, 0)
        #expect(Self.seen("a", "b", 200, Self.day).following(older).rate == 150)
        #expect(Self.seen("a", "b", 200, Self.day).following(nil).rate == 200)
        #expect(Self.seen("a", "b", 200, 30 * Self.day).following(older).rate == 150)
        #expect(Self.seen("a", "b", 200, 30 * Self.day + 1).following(older).rate == 200)
        var moved = Self.seen("a", "b", 200, 1)
        moved.targetSite = "z"
        #expect(moved.following(older) == moved)
    }

    // MARK: Learning

    private static func pace(
        blocked: UInt64 = 8, starved: UInt64 = 8, bytes: UInt64 = 100 << 20, targets: Int = 1, failure: String? = nil,
        receives: Bool = true
    ) -> PaceRecord {
        let pace = PaceRecord(streams: 2)
        let sent = Send.Response(
            roots: nil,
            targets: (1...targets).map { Send.Target(peer: "t\($0)", wireBytes: bytes, failure: failure) },
            stages: ["wait": blocked * 1_000_000_000, "read": 1], dataBytes: 1)
        pace.sent(sent, in: .seconds(5))
        if receives {
            for target in 1...targets {
                pace.received(
                    Receive.Response(wireBytes: bytes, stages: ["wait": starved * 1_000_000_000]), by: "t\(target)")
            }
        }
        return pace
    }

    @Test("when the source couldn't send and the target had nothing to receive, it was the network")
    func network() {
        let rate = Self.pace().networkRate
        #expect(rate?.target == "t1" && rate?.rate == Double(20 << 20))
    }

    @Test(
        "nothing is learnt when it can't be told what set the pace",
        arguments: [
            ("the source was busy", pace(blocked: 5)), ("the target was busy", pace(starved: 5)),
            ("it was too little", pace(bytes: 63 << 20)), ("there were two targets", pace(targets: 2)),
            ("the target was given up", pace(failure: "gone")),
            ("the target said nothing", pace(receives: false)), ("nothing was sent", PaceRecord(streams: 1)),
        ])
    func nothing(why: String, pace: PaceRecord) { #expect(pace.networkRate == nil) }

    // MARK: Planning

    private static func fleet() throws -> Fleet {
        try DistributionTests.fleet(
            """
            sites: { x: {}, y: {}, z: {} }
            links: [{ between: [x, y] }, { between: [x, z], capacity: 7M }]
            hosts:
              a: { site: x, uplink: 10M, downlink: 10M }
              b: { site: y, uplink: 10M, downlink: 10M }
              c: { site: y }
              d: { site: z }
            """)
    }

    @Test("they count where the topology has no figure; its figures always win")
    func figures() throws {
        let observed = [
            Self.seen("a", "b", 1e6), Self.seen("a", "c", 3e6), Self.seen("c", "b", 2e6), Self.seen("q", "r", 5e6),
            ObservedRate(source: "a", target: "d", sourceSite: "x", targetSite: "z", rate: 4e6, time: 0),
            ObservedRate(source: "a", target: "d", rate: 0, time: 0),
        ]
        let network = try Self.fleet().network(of: ["a", "b", "c", "d"], at: 0, observed: observed)
        // a and b have figures; c and d have none.
        #expect(
            network.observedHosts == [
                .init(from: "a", to: "c", rate: 3e6), .init(from: "c", to: "b", rate: 2e6),
                .init(from: "a", to: "d", rate: 4e6),
            ])
        // Of all that anybody was seen to send over the link without a figure, the most.
        #expect(network.observedLinks == [.init(from: "x", to: "y", rate: 5e6)])
        #expect(network.links.last?.capacity == Double(7 << 20))
        // What was seen changes nothing where it isn't asked about.
        #expect(try Self.fleet().network(of: ["a", "b"], at: 0, observed: [observed[3]]).observedHosts == [])
    }

    @Test("a run plans with what is remembered, and a dry run says so with its age")
    func remembered() async throws {
        let journal = MemoryJournal()
        let now = Int(WallClock.system.now())
        await journal.remember(Self.seen("a", "c", 3e6, now - 2 * Self.day))
        await journal.remember(Self.seen("a", "b", 1e6, now - 31 * Self.day))
        let coordinator = Coordinator(journal: journal, logger: Logger(label: "test"), fleet: try Self.fleet()) {
            name throws(KVMCloneError) in
            throw KVMCloneError(.connection, "\(name) is not to be asked")
        }
        let file = ClonePlan.File(
            index: 0, disk: "vda", layer: 0, sourcePath: "/v", sourceFormat: "raw", format: "raw", guestView: false,
            size: 1 << 30, used: 30_000_000, isBlockDevice: false)
        let plan = ClonePlan(
            kind: .clone, vm: "v", vmUUID: "u", source: "a", files: [file],
            targets: [
                ClonePlan.Target(
                    host: "c", newName: "v", uuid: "", pool: "", folder: "", fileNames: [], macs: [], findings: [],
                    xml: "")
            ], findings: [])
        let observed = await coordinator.observedRates()
        #expect(observed.map(\.rate) == [3e6])
        let summary = try #require(try coordinator.distributionSummary(of: plan, CloneOptions(), observed: observed))
        #expect(summary.rate == 3e6)
        #expect(summary.observed.map(\.from) == ["a", "x"] && summary.observed.map(\.areSites) == [false, true])
        #expect(summary.observed.allSatisfy { $0.rate == 3e6 && abs($0.age - Double(2 * Self.day)) < 600 })
        #expect(summary.assumed.hosts.isEmpty && summary.assumed.links.isEmpty)
        #expect(summary.declared.hosts == ["a"] && summary.declared.links.isEmpty)
        let unseen = try #require(try coordinator.distributionSummary(of: plan, CloneOptions()))
        #expect(unseen.observed.isEmpty && unseen.assumed.hosts == ["c"] && unseen.assumed.links == [["x", "y"]])
    }
}
