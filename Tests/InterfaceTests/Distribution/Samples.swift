import Coordinator
import FoundationEssentials
import Planner
import Testing
import Topology

@testable import kvm_clone

/// The shipped topologies, and files that a reviewer has looked at.
enum Golden {
    static let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Golden"
    static let topologies = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" } + "/topologies"
    static let names = ["embedded", "hub", "lab", "large", "mixed", "pair", "two-sites"]

    /// Compares with a file. KVM_CLONE_UPDATE_GOLDEN=1 in the environment writes it anew.
    static func expect(_ text: String, is file: String) throws {
        let path = "\(folder)/\(file)"
        if ProcessInfo.processInfo.environment["KVM_CLONE_UPDATE_GOLDEN"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text, "\(file) isn't as reviewed")
    }

    static func fleet(_ name: String) throws -> Fleet {
        try Fleet.load("\(topologies)/\(name).yaml", home: "/home/me")
    }
}

extension DistributionSummary {
    /// 10 GiB from the first host of a fleet to all others at noon, as a run would have it.
    static func sample(_ fleet: Fleet, _ fanOut: FanOut = .auto, splitsCohorts: Bool = false) throws -> Self {
        let names = fleet.hosts.map(\.name)
        let request = DistributionRequest(
            network: fleet.network(of: names, at: 12 * 60), roots: [names[0]], targets: Array(names.dropFirst()),
            fanOut: fanOut, payload: 10 << 30, splitsCohorts: splitsCohorts)
        return DistributionSummary(try DistributionPlanner.plan(request))
    }
}
