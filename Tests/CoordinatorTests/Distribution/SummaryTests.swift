import Logging
import Model
import Testing
import Topology

@testable import Coordinator

@Suite("What a dry run says of the distribution")
struct SummaryTests {
    private let fleet = Fleet(
        name: "f", sites: [], links: [],
        hosts: ["a", "b", "c", "d"].map { name in
            var host = ResolvedHost(name: name)
            host.uplink = 10 << 20
            host.downlink = 10 << 20
            return host
        })

    private func summary(
        blocked: Set<String> = [], sourceIsBlocked: Bool = false, _ options: CloneOptions = CloneOptions()
    ) throws -> DistributionSummary? {
        let finding = PreflightFinding.blocks(.diskSpace, "full", fix: nil)
        let plan = ClonePlan(
            kind: .replicate, vm: "v", vmUUID: "u", source: "a",
            files: [
                ClonePlan.File(
                    index: 0, disk: "vda", layer: 0, sourcePath: "/v", sourceFormat: "raw", format: "raw",
                    guestView: false, size: 1 << 30, used: 100 << 20, isBlockDevice: false)
            ],
            targets: ["b", "c", "d"].map { host in
                ClonePlan.Target(
                    host: host, newName: "v", uuid: "", pool: "", folder: "", fileNames: [], macs: [],
                    findings: blocked.contains(host) ? [finding] : [], xml: "")
            }, findings: sourceIsBlocked ? [finding] : [])
        let coordinator = Coordinator(journal: MemoryJournal(), logger: Logger(label: "test"), fleet: fleet) {
            name throws(KVMCloneError) in
            throw KVMCloneError(.connection, "\(name) is not to be asked")
        }
        return try coordinator.distributionSummary(of: plan, options)
    }

    @Test("counts what the disks hold, and every target once")
    func facts() throws {
        let summary = try #require(try summary())
        #expect(summary.bytes == 100 << 20 && !summary.isStar && summary.source == "a")
        #expect(summary.targets.map(\.host) == ["b", "c", "d"])
        #expect(summary.sent.reduce(0) { $0 + $1.bytes } == 300 << 20)
        #expect(summary.rate == summary.bound && summary.assumed.hosts.isEmpty)
        #expect(summary.targets.allSatisfy { $0.seconds >= 10 && $0.seconds < 12 })
    }

    @Test("targets that a finding keeps out are left out, as in the run")
    func blockedTargets() throws {
        #expect(try summary(blocked: ["c"])?.targets.map(\.host) == ["b", "d"])
        let one = try #require(try summary(blocked: ["b", "c"]))
        #expect(one.isStar && one.targets.map(\.host) == ["d"])
        #expect(one.cohorts.first?.stripes.first?.edges == [.init(parent: "a", child: "d")])
    }

    @Test("there is none when nothing would be sent")
    func nothing() throws {
        #expect(try summary(blocked: ["b", "c", "d"]) == nil)
        #expect(try summary(sourceIsBlocked: true) == nil)
    }

    @Test("the shape is the one that was asked for", arguments: CloneOptions.FanOut.allCases)
    func shapes(fanOut: CloneOptions.FanOut) throws {
        var options = CloneOptions()
        options.fanOut = fanOut
        options.bandwidthLimit = Timetable(bytesPerSecond: 5)
        let summary = try #require(try summary(options))
        #expect(summary.fanOut == fanOut && summary.bandwidthLimit == 5 && summary.bandwidthTimetable == nil)
        #expect(summary.isStar == (fanOut == .star))
        #expect(fanOut != .chain || summary.cohorts[0].stripes[0].depth == 3)
        #expect(fanOut != .star || (summary.share ?? 1) < 0.5)
    }
}
