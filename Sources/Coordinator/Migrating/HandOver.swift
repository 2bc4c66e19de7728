import AgentProtocol

/// What is left to do once a VM belongs to its new host.
package struct HandOver: Sendable, Codable, Equatable {
    /// The new host.
    package var host: String
    package var name: String
    package var uuid: String
    /// The replica there that it was, which is one no more.
    package var folder: String
    package var generation: Int
    /// The old host.
    package var source: String
    /// Whether it started with its host, and is to do so on the new one.
    package var startsWithHost: Bool
    /// What its disks become there; nil when they are left as they are.
    package var remains: Remains?

    /// The disks on the old host as a replica, so that the way back is a matter of what has changed.
    package struct Remains: Sendable, Codable, Equatable {
        package var folder: String
        package var record: ReplicaRecord
    }
}
