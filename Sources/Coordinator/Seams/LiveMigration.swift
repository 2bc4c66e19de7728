import Model

/// How a running domain is to be moved.
package struct LiveMigration: Sendable, Equatable {
    /// Where its memory goes, as libvirt's `migrate_uri`; nil: to an address that libvirt chooses.
    package var memoryURI: String?
    /// Where its disks go, as `disks_uri`.
    package var disksURI: String?
    /// The running configuration on the new host.
    package var xml: String
    /// The definition there.
    package var definition: String
    /// Targets of the disks that move; the others are shared.
    package var disks: [String]
    /// Whether only the top image of each disk moves; what lies below is there.
    package var movesTopsOnly = false
    /// Whether the guest may be slowed down.
    package var autoConverges = false
    /// Whether it may be let go on on its new host before all of its memory is there.
    package var postCopy = false
    /// Connections for memory; nil: one.
    package var connections: Int?
    /// Bytes of memory per second; nil: no limit.
    package var bandwidth: UInt64?

    package init(xml: String, definition: String, disks: [String]) {
        self.xml = xml
        self.definition = definition
        self.disks = disks
    }
}

/// Where a migration stands, as libvirt tells it. Bytes, and bytes per second.
package struct LiveProgress: Sendable, Equatable {
    package var memoryTotal: UInt64 = 0
    package var memoryRemaining: UInt64 = 0
    package var memoryRate: UInt64 = 0
    /// What the guest writes to its memory.
    package var dirtyRate: UInt64 = 0
    /// How often its memory was gone through; 0 before the first time.
    package var iteration: UInt64 = 0
    package var diskTotal: UInt64 = 0
    package var diskRemaining: UInt64 = 0
    package var diskRate: UInt64 = 0
    /// Milliseconds for which the guest is expected to be paused; nil while nobody knows.
    package var downtime: UInt64?

    package init() {}
}

/// What can be done about a migration that runs.
package enum LiveSteering: Sendable, Equatable {
    /// It ends, and the guest stays.
    case abort
    /// The guest may be paused for so many milliseconds at the end.
    case downtime(UInt64)
    /// The guest goes on on its new host at once.
    case postCopy
    /// The guest is paused, so that it writes nothing.
    case pause
}
