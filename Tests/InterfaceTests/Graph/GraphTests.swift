import Coordinator
import Model
import Testing
import Topology

@testable import Interface
@testable import kvm_clone

@Suite("Topologies as pictures")
struct GraphTests {
    @Test("are as reviewed, without a plan and with one", arguments: Golden.names)
    func golden(name: String) throws {
        let fleet = try Golden.fleet(name)
        let plain = NetworkDrawing.svg(try FleetPicture.make(fleet))
        let planned = NetworkDrawing.svg(try FleetPicture.make(fleet, .sample(fleet)))
        try Golden.expect(plain, is: "\(name).svg")
        try Golden.expect(planned, is: "\(name)-plan.svg")
    }

    @Test("cohorts have colours and lines of their own")
    func cohorts() throws {
        let fleet = try Golden.fleet("large")
        let svg = NetworkDrawing.svg(try FleetPicture.make(fleet, .sample(fleet, splitsCohorts: true)))
        try Golden.expect(svg, is: "large-cohorts.svg")
    }

    @Test("no host covers another, and every site holds its hosts", arguments: [1, 2, 3, 4, 7, 16, 64, 200])
    func layout(count: Int) {
        let arrows = [(from: "h0", to: "h\(count - 1)")]
        for flows in [[], [NetworkPicture.Flow(legend: "f", share: 1, arrows: arrows)]] {
            let hosts = (0..<count).map { NetworkPicture.Host("h\($0)", figures: "↕ 1200M") }
            let layout = NetworkLayout(
                NetworkPicture(title: "t", notes: [], sites: [.init("s", hosts: hosts)], links: [], flows: flows))
            let boxes = hosts.compactMap { layout.hosts[$0.name] }
            #expect(boxes.count == count)
            for (place, box) in boxes.enumerated() {
                #expect(!boxes[..<place].contains { $0.overlaps(box, gap: 0) })
                let site = layout.sites[0]
                #expect(box.left > site.left && box.right < site.right)
                #expect(box.top > site.top && box.bottom < site.bottom)
            }
        }
    }

    @Test("no site covers another, however many there are and however they are joined", arguments: 1...14)
    func sites(count: Int) {
        let sites = (0..<count).map { place in
            NetworkPicture.Site(
                "s\(place)", hosts: (0..<(place % 5)).map { NetworkPicture.Host("h\(place)-\($0)") })
        }
        let ring = (0..<count).map { NetworkPicture.Link($0, ($0 + 1) % count, label: ["1G"]) }
        let star = (1..<max(1, count)).map { NetworkPicture.Link(0, $0, label: ["1G"]) }
        for links in [[], count > 2 ? ring : [], star] {
            let layout = NetworkLayout(NetworkPicture(title: "t", notes: [], sites: sites, links: links))
            for (place, box) in layout.sites.enumerated() {
                #expect(!layout.sites[..<place].contains { $0.overlaps(box, gap: 20) })
                #expect(box.left > 0 && box.right < layout.width && box.bottom < layout.height)
            }
        }
    }

    @Test(
        "hostile names are text and nothing else",
        arguments: [
            "<script>alert(1)</script>", "\"/><image href='x'/>", "a&b", "]]>", "a\u{0}b\u{1b}[31m", "\u{202e}evil",
            "\u{fffe}", "<!--", "&#0;",
        ])
    func hostile(name: String) throws {
        let host = NetworkPicture.Host(name, figures: name)
        let picture = NetworkPicture(
            title: name, notes: [name], sites: [.init(name, hosts: [host]), .init("b", hosts: [.init("c")])],
            links: [.init(0, 1, label: [name])],
            flows: [.init(legend: name, share: 1, arrows: [(from: name, to: "c")])])
        let svg = NetworkDrawing.svg(picture)
        let calm = NetworkDrawing.svg(
            NetworkPicture(
                title: "x", notes: ["x"],
                sites: [.init("x", hosts: [.init("x", figures: "x")]), .init("b", hosts: [.init("c")])],
                links: [.init(0, 1, label: ["x"])],
                flows: [.init(legend: "x", share: 1, arrows: [(from: "x", to: "c")])]))
        #expect(elements(svg) == elements(calm))
        let bad = svg.unicodeScalars.filter {
            $0.value < 32 && $0 != "\n" || [0x202e, 0xfffe, 0xffff].contains($0.value)
        }
        #expect(bad.isEmpty)
        #expect(!svg.contains("]]>"))
    }

    /// The names of elements in their order: what stands behind each `<`.
    private func elements(_ svg: String) -> [Substring] {
        svg.split(separator: "<").map { $0.prefix { !" />\n".contains($0) } }
    }

    @Test("a plan with hosts that the file lacks is refused, and named")
    func foreignHosts() throws {
        let fleet = try Golden.fleet("pair")
        let plan = try DistributionSummary.sample(Golden.fleet("large"))
        let error = #expect(throws: KVMCloneError.self) { try FleetPicture.make(fleet, plan) }
        #expect(error?.code == .validation && error?.field == "plan")
        #expect(error?.message.hasSuffix("pair.yaml lacks: a01, a02, a03, a04, a05 and 59 more") == true)
    }

    @Test(
        "a file that isn't a plan is refused with its fault",
        arguments: [
            ("", "it is not JSON"), ("[]", "the document is of another kind"),
            ("{\"distribution\": 3}", "distribution"),
            ("{\"distribution\": {\"fanOut\": \"ring\"}}", "distribution.fanOut has a value that isn't known"),
            ("{\"distribution\": {\"fanOut\": \"auto\"}}", "distribution.isStar is missing"),
        ])
    func noPlan(text: String, cause: String) {
        let error = #expect(throws: KVMCloneError.self) { try PlanFile.parse(Array(text.utf8)) }
        #expect(error?.cause?.contains(cause) == true, "\(error?.cause ?? "-")")
        #expect(error?.field == "plan")
    }

    @Test("a plan without a distribution is refused", arguments: ["{}", "{\"distribution\": null, \"vm\": \"v\"}"])
    func noDistribution(text: String) {
        let error = #expect(throws: KVMCloneError.self) { try PlanFile.parse(Array(text.utf8)) }
        #expect(error?.message == "the plan has no distribution")
    }

    @Test("a file that can't be written is told by its option")
    func unwritable() throws {
        let error = #expect(throws: KVMCloneError.self) {
            try OutputFile.write("x", to: "/nonexistent/graph.svg", field: "out")
        }
        #expect(error?.code == .invalidPath && error?.field == "out")
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/graph.svg"
        try OutputFile.write("a longer text", to: path, field: "out")
        try OutputFile.write("short", to: path, field: "out")
        #expect(try folder.read("graph.svg") == "short")
    }
}
