import Model
import YAML

/// The fleet as `topology show` prints it: one row of texts per host.
public enum FleetTable {
    /// The columns' headings.
    public static let columns = [
        "HOST", "SITE", "CONNECTION", "ADDRESS", "TRANSFER", "URI", "POOL", "UPLINK", "DOWNLINK", "INBOUND", "BECOME",
        "PORTS",
    ]

    /// A row per host in the file's order; what isn't known is `-`.
    public static func rows(of fleet: Fleet) -> [[String]] {
        fleet.hosts.map { host in
            [
                host.name, host.site ?? "-", host.connection.rawValue, address(of: host), host.transferAddress ?? "-",
                host.uri, host.poolPath.map { "\(host.pool)=\($0)" } ?? host.pool, rate(host.uplink),
                rate(host.downlink), rate(host.inboundCap), host.become.rawValue, host.dataPorts.description,
            ]
        }
    }

    private static func address(of host: ResolvedHost) -> String {
        guard host.connection != .local else { return "-" }
        let address = host.ssh.port == nil || !host.address.contains(":") ? host.address : "[\(host.address)]"
        return (host.ssh.user.map { "\($0)@" } ?? "") + address + (host.ssh.port.map { ":\($0)" } ?? "")
    }

    private static func rate(_ bytes: UInt64?) -> String { bytes.map { ByteCount.exact($0) + "/s" } ?? "-" }
}
