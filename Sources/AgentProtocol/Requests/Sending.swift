/// Opens the disks of a job for reading and holds QEMU's image locks on them, until the job is closed.
package struct OpenSend: AgentRequest {
    package static let name = "send.open"

    package enum Compression: String, Codable, Sendable {
        case auto, on, off
    }

    package struct Disk: Codable, Sendable {
        package var index: UInt16
        /// The image that is read; with `guestView` the top of its chain.
        package var image: ImageReference
        /// Read what the guest reads, through qemu-nbd, and not the file's own bytes.
        package var guestView: Bool
        /// All images of the chain, the top included: each is locked.
        package var locked: [ImageReference]
        /// The name of its NBD export, such as `web01/vda`.
        package var exportName: String
        /// The socket of the backup's NBD server that serves it, while its VM runs; nil: the image is opened.
        package var socket: String?
        /// The bitmap of that export which says what was written since a checkpoint; nil for none.
        package var bitmap: String?

        package init(
            index: UInt16, image: ImageReference, guestView: Bool, locked: [ImageReference], exportName: String,
            socket: String? = nil, bitmap: String? = nil
        ) {
            self.socket = socket
            self.bitmap = bitmap
            self.index = index
            self.image = image
            self.guestView = guestView
            self.locked = locked
            self.exportName = exportName
        }
    }

    package var job: HexBytes
    package var secret: JobSecret
    /// The operation, under which digests of the disks are kept for a later run.
    package var operation: String
    package var disks: [Disk]
    package var roots: [String]
    package var streams: Int
    package var digests: Bool
    package var compression: Compression
    /// Bytes on the wire per second; nil: no limit.
    package var bandwidthLimit: UInt64?
    /// Seconds without progress after which a target is given up.
    package var stallTimeout: Int
    /// Most bytes of payload in a frame.
    package var frameSize: Int
    /// Whether streams wait for another target when they have lost theirs.
    package var inTrees: Bool

    package init(
        job: HexBytes, secret: JobSecret, operation: String, disks: [Disk], roots: [String], streams: Int,
        digests: Bool, compression: Compression, bandwidthLimit: UInt64?, stallTimeout: Int,
        frameSize: Int = 1 << 20, inTrees: Bool = false
    ) {
        self.job = job
        self.secret = secret
        self.operation = operation
        self.disks = disks
        self.roots = roots
        self.streams = streams
        self.digests = digests
        self.compression = compression
        self.bandwidthLimit = bandwidthLimit
        self.stallTimeout = stallTimeout
        self.frameSize = frameSize
        self.inTrees = inTrees
    }

    package struct Response: Codable, Sendable {
        package var salt: HexBytes
        /// Size of each disk in bytes, in the order of the request.
        package var sizes: [UInt64]
        /// Which state of each disk was opened; nil where that can't be told.
        package var generations: [HexBytes?]

        package init(salt: HexBytes, sizes: [UInt64], generations: [HexBytes?] = []) {
            self.salt = salt
            self.sizes = sizes
            self.generations = generations
        }
    }
}

/// Sends the disks of a job to all targets that are joined to it. Answered when the last byte is on its way or
/// every target is lost.
package struct Send: AgentRequest {
    package static let name = "send.run"

    package var job: HexBytes
    /// What to send of each disk, in order; nil: all. What isn't sent counts in the digests all the same.
    package var ranges: [[[UInt64]]]?

    package init(job: HexBytes, ranges: [[[UInt64]]]? = nil) {
        self.job = job
        self.ranges = ranges
    }

    package struct Target: Codable, Sendable, Equatable {
        package var peer: String
        package var wireBytes: UInt64
        /// Why it was given up; nil when it got everything.
        package var failure: String?

        package init(peer: String, wireBytes: UInt64, failure: String?) {
            self.peer = peer
            self.wireBytes = wireBytes
            self.failure = failure
        }
    }

    package struct Response: Codable, Sendable {
        /// Root digest of each disk, in order; nil without digests.
        package var roots: [HexBytes]?
        package var targets: [Target]
        /// Nanoseconds per stage, summed over threads; `user` and `system` are their CPU time.
        package var stages: [String: UInt64]
        /// Bytes of data that were sent; holes are not in it.
        package var dataBytes: UInt64
        /// Bytes that were read only for the digests.
        package var hashedBytes: UInt64
        /// Bytes that were neither sent nor read: their digests were known from an earlier run.
        package var knownBytes: UInt64

        package init(
            roots: [HexBytes]?, targets: [Target], stages: [String: UInt64], dataBytes: UInt64, hashedBytes: UInt64 = 0,
            knownBytes: UInt64 = 0
        ) {
            self.hashedBytes = hashedBytes
            self.knownBytes = knownBytes
            self.roots = roots
            self.targets = targets
            self.stages = stages
            self.dataBytes = dataBytes
        }
    }
}

/// Asks a source what was written to one of its disks since a checkpoint, as the bitmap that it was opened with says.
package struct ListDirty: AgentRequest {
    package static let name = "send.dirty"
    /// Most ranges of one answer.
    package static let limit = 65_536

    package var job: HexBytes
    /// The disk's place in the job.
    package var disk: Int
    /// The byte to begin at.
    package var from: UInt64

    package init(job: HexBytes, disk: Int, from: UInt64) {
        self.job = job
        self.disk = disk
        self.from = from
    }

    package struct Response: Codable, Sendable, Equatable {
        /// The first and the end byte of each range, in order; whole leaves.
        package var ranges: [[UInt64]]
        /// The byte up to which that is all: the disk's end, or where to begin the next request.
        package var end: UInt64

        package init(ranges: [[UInt64]], end: UInt64) {
            self.ranges = ranges
            self.end = end
        }
    }
}

/// Tells a source that every target has all of it or has failed: what is left is only read, for its digests.
package struct RunDry: AgentRequest {
    package static let name = "send.dry"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package typealias Response = Done
}
