/// What an earlier run has left of a disk on a target.
package struct KeptDisk: Codable, Sendable, Equatable {
    /// Leaves in the tails of a job's disks that are told at most, 512 MiB. What lies beyond is sent again.
    package static let mostLeaves: UInt64 = 8192

    /// Where something was written that may be lost or half written, outside of what is durable: the first and the end byte
    /// of each range, in order. Its leaves are compared before they are kept.
    package var tail: [[UInt64]]
    /// SHA-256 of each leaf of the tail, one after the other.
    package var tailDigests: HexBytes
    /// Why what was found can't be used; nil when it can, or nothing was there.
    package var refusal: String?

    package init(
        tail: [[UInt64]] = [], tailDigests: HexBytes = HexBytes([]), refusal: String? = nil
    ) {
        self.tail = tail
        self.tailDigests = tailDigests
        self.refusal = refusal
    }
}

/// Compares leaves of a source's disks with what a target has of them.
package struct CompareTail: AgentRequest {
    package static let name = "send.compare"

    package var job: HexBytes
    /// The tail of each disk, in order, as in `KeptDisk`.
    package var disks: [[[UInt64]]]
    /// The digests of each disk's tail.
    package var digests: [HexBytes]

    package init(job: HexBytes, disks: [[[UInt64]]], digests: [HexBytes]) {
        self.job = job
        self.disks = disks
        self.digests = digests
    }

    package struct Response: Codable, Sendable, Equatable {
        /// The parts of each disk's tail that are the same here.
        package var same: [[[UInt64]]]

        package init(same: [[[UInt64]]]) {
            self.same = same
        }
    }
}

/// Tells a target which parts of its tail it keeps. Asked for before anything is received.
package struct KeepTail: AgentRequest {
    package static let name = "receive.keep"

    package var job: HexBytes
    /// Ranges of each disk, in order.
    package var disks: [[[UInt64]]]

    package init(job: HexBytes, disks: [[[UInt64]]]) {
        self.job = job
        self.disks = disks
    }

    package typealias Response = Done
}

/// Ends a job where it stands, as the end of the control channel does: what a target has is made durable and kept for a
/// later run. A job that can keep nothing is closed.
package struct Suspend: AgentRequest {
    package static let name = "job.suspend"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package struct Response: Codable, Sendable, Equatable {
        /// Bytes of the disks that need not be sent again.
        package var kept: UInt64

        package init(kept: UInt64) {
            self.kept = kept
        }
    }
}
