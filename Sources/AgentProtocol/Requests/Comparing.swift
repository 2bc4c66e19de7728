/// Opens disks for being compared with others, and holds QEMU's image locks on them, until the job is closed.
package struct OpenComparison: AgentRequest {
    package static let name = "compare.open"

    package var job: HexBytes
    package var operation: String
    package var disks: [OpenSend.Disk]
    package var roots: [String]

    package init(job: HexBytes, operation: String, disks: [OpenSend.Disk], roots: [String]) {
        self.job = job
        self.operation = operation
        self.disks = disks
        self.roots = roots
    }

    package struct Response: Codable, Sendable, Equatable {
        /// Size of each disk in bytes, in the order of the request.
        package var sizes: [UInt64]

        package init(sizes: [UInt64]) {
            self.sizes = sizes
        }
    }
}

/// Reads some units of a disk, 16 MiB each, and answers with their digests. Those of their leaves are kept until the next
/// request of this kind for the same disk.
package struct HashUnits: AgentRequest {
    package static let name = "compare.units"
    /// Most units of one request: 4 GiB, of which an agent keeps 2 MiB of digests.
    package static let limit = 256
    /// Bytes of a unit; the last one of a disk may have fewer.
    package static let unit: UInt64 = 16 << 20
    /// Bytes of a leaf; the last one of a disk may have fewer.
    package static let leaf: UInt64 = 64 << 10
    /// Bytes of a digest, SHA-256.
    package static let digest = 32

    package var job: HexBytes
    /// The disk's place in the job.
    package var disk: Int
    package var first: UInt64
    package var count: Int

    package init(job: HexBytes, disk: Int, first: UInt64, count: Int) {
        self.job = job
        self.disk = disk
        self.first = first
        self.count = count
    }

    package struct Response: Codable, Sendable, Equatable {
        /// 32 bytes for each unit, in order.
        package var digests: HexBytes
        /// Bytes that were read; what is known to be zeros isn't.
        package var dataBytes: UInt64

        package init(digests: HexBytes, dataBytes: UInt64) {
            self.digests = digests
            self.dataBytes = dataBytes
        }
    }
}

/// The digests of the leaves of some units, among those that were hashed last.
package struct HashLeaves: AgentRequest {
    package static let name = "compare.leaves"

    package var job: HexBytes
    package var disk: Int
    package var units: [UInt64]

    package init(job: HexBytes, disk: Int, units: [UInt64]) {
        self.job = job
        self.disk = disk
        self.units = units
    }

    package struct Response: Codable, Sendable, Equatable {
        /// Of each unit, 32 bytes for each leaf.
        package var leaves: [HexBytes]

        package init(leaves: [HexBytes]) {
            self.leaves = leaves
        }
    }
}

/// Answered when the disks of a comparison are those that were opened, and nobody has written to them since.
package struct ConfirmUnchanged: AgentRequest {
    package static let name = "compare.confirm"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package typealias Response = Done
}
