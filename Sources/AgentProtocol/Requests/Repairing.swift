/// What a receiving job still lacks, and how much is on its way.
package struct Missing: AgentRequest {
    package static let name = "receive.missing"
    /// Most ranges of a disk in one answer. A target that lacks more is asked again.
    package static let limit = 8192

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package struct Response: Codable, Sendable, Equatable {
        /// Of each disk, in order: the first and the end byte of each range, in order.
        package var disks: [[[UInt64]]]
        /// Links that bring something now.
        package var activeLinks: Int

        package init(disks: [[[UInt64]]], activeLinks: Int) {
            self.disks = disks
            self.activeLinks = activeLinks
        }

        package var isComplete: Bool { disks.allSatisfy(\.isEmpty) }
    }
}

/// Makes a job that sends some ranges of another job's disks to one of its targets. The asked agent is that job's
/// source, or a target that has them.
package struct OpenRepair: AgentRequest {
    package static let name = "repair.open"

    /// The job whose disks they are.
    package var job: HexBytes
    /// The new job, for joining, running and closing it at this agent.
    package var repair: HexBytes
    /// As in `Missing.Response`.
    package var disks: [[[UInt64]]]
    package var streams: Int

    package init(job: HexBytes, repair: HexBytes, disks: [[[UInt64]]], streams: Int) {
        self.job = job
        self.repair = repair
        self.disks = disks
        self.streams = streams
    }

    package struct Response: Codable, Sendable {
        package var salt: HexBytes

        package init(salt: HexBytes) {
            self.salt = salt
        }
    }
}

/// Sends the ranges of a repair. Answered when the target has taken them in.
package struct RunRepair: AgentRequest {
    package static let name = "repair.run"

    package var repair: HexBytes

    package init(repair: HexBytes) {
        self.repair = repair
    }

    package struct Response: Codable, Sendable {
        package var wireBytes: UInt64
        /// Bytes of data that were read; holes are not in it.
        package var dataBytes: UInt64

        package init(wireBytes: UInt64, dataBytes: UInt64) {
            self.wireBytes = wireBytes
            self.dataBytes = dataBytes
        }
    }
}
