import Foundation
import Interface
import KVMClone
import Model

/// `list` for people.
enum ListingText {
    static func table(_ listings: [HostListing]) -> Table {
        var table = Table([
            .init("host"), .init("name"), .init("state"), .init("vcpus", alignsRight: true),
            .init("memory", alignsRight: true), .init("disks"), .init("networks"), .init("uuid", isWideOnly: true),
            .init("macs", isWideOnly: true), .init("paths", isWideOnly: true), .init("modified", isWideOnly: true),
            .init("problems", isWideOnly: true),
        ])
        for listing in listings {
            for vm in listing.vms { table.add(cells(vm)) }
            if let error = listing.error {
                table.add([listing.host, "", "error [\(error.code.rawValue)]"] + Array(repeating: "", count: 9))
            }
        }
        return table
    }

    /// The replicas of all hosts; nil when there are none.
    static func replicas(_ listings: [HostListing], now: Date = Date()) -> Table? {
        let replicas = listings.flatMap(\.replicas)
        guard !replicas.isEmpty else { return nil }
        var table = Table([
            .init("host"), .init("replica"), .init("origin"), .init("generation", alignsRight: true),
            .init("age", alignsRight: true), .init("verified"), .init("disks"), .init("uuid", isWideOnly: true),
            .init("taken", isWideOnly: true), .init("paths", isWideOnly: true),
        ])
        for replica in replicas {
            table.add([
                replica.host, replica.name, replica.problem ?? replica.origin, String(replica.generation),
                age(of: replica.taken, now) ?? "", verified(replica, now),
                replica.disks.map(disk).joined(separator: ", "),
                replica.uuid, replica.taken, replica.disks.map(\.path).joined(separator: ", "),
            ])
        }
        return table
    }

    private static func verified(_ replica: ReplicaInfo, _ now: Date) -> String {
        guard let verified = replica.verified else { return "never" }
        if replica.differs { return "differs" }
        return age(of: verified, now).map { "\($0) ago" } ?? verified
    }

    private static func age(of time: String, _ now: Date) -> String? {
        guard let date = try? Date(time, strategy: .iso8601) else { return nil }
        return DurationText.span(max(0, now.timeIntervalSince(date)))
    }

    private static func cells(_ vm: VMInfo) -> [String] {
        let memory = ByteCount.format(UInt64(max(0, vm.memory)) << 20)
        return [
            vm.host, vm.name, vm.state.rawValue, String(vm.vcpus), memory, vm.disks.map(disk).joined(separator: ", "),
            vm.networks.map(\.network).joined(separator: ", "), vm.uuid,
            vm.networks.map(\.macAddress).joined(separator: ", "), vm.disks.map(\.path).joined(separator: ", "),
            vm.lastModified ?? "", vm.problems.joined(separator: "; "),
        ]
    }

    private static func disk(_ disk: DiskInfo) -> String {
        let size = disk.size.map { ByteCount.format($0) } ?? "?"
        let used = disk.allocated.map { " (\(ByteCount.format($0)) used)" } ?? ""
        return "\(disk.target) \(disk.format) \(size)\(used)"
    }
}

extension [HostListing] {
    /// Nil when all was listed. What is missing of one host or one VM makes the listing a part of what was asked for;
    /// where no host could be listed the code is the first one's.
    var exitCode: ExitCode? {
        guard !allSatisfy(\.isComplete) else { return nil }
        let errors = compactMap(\.error)
        return errors.count == count ? errors.first?.exitCode : .partFailed
    }
}

/// `list` for programs: an object with a key per host, whose value is the host's VMs and then its
/// replicas, which have a `role`; or an object with its `error`.
struct ListingDocument: Encodable {
    private struct HostKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Failure: Encodable {
        var error: ErrorDocument.Body
    }

    var listings: [HostListing]

    init(_ listings: [HostListing]) { self.listings = listings }

    func encode(to encoder: any Encoder) throws {
        var hosts = encoder.container(keyedBy: HostKey.self)
        for listing in listings {
            let key = HostKey(stringValue: listing.host)
            if let error = listing.error {
                let document = ErrorDocument(error.on(listing.host), timestamp: Timestamp.utc())
                try hosts.encode(Failure(error: document.error), forKey: key)
            } else {
                var rows = hosts.nestedUnkeyedContainer(forKey: key)
                for vm in listing.vms { try rows.encode(vm) }
                for replica in listing.replicas { try rows.encode(replica) }
            }
        }
    }
}
