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

/// `list` for programs: an object with a key per host, whose value is the host's VMs, or an object with its `error`.
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
                try hosts.encode(listing.vms, forKey: key)
            }
        }
    }
}
