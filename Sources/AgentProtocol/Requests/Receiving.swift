/// Makes the partial files of a job and waits for streams.
package struct OpenReceive: AgentRequest {
    package static let name = "receive.open"

    /// What is received changes a file that is there: it goes into an overlay.
    package struct Base: Codable, Sendable, Equatable {
        /// Most ranges of a disk that are received at once.
        package static let mostRanges = 65_536

        /// The file, in the same folder.
        package var fileName: String
        package var format: String
        /// What is received: the first and the end byte of each range, in order. The rest stays as it is.
        package var wanted: [[UInt64]]

        package init(fileName: String, format: String, wanted: [[UInt64]]) {
            self.fileName = fileName
            self.format = format
            self.wanted = wanted
        }
    }

    package struct Disk: Codable, Sendable {
        package var index: UInt16
        /// The pool folder that it is made in.
        package var folder: String
        /// The file's name when it is complete.
        package var fileName: String
        /// Size of what is received, in bytes.
        package var size: UInt64
        /// `raw`: the bytes are the file. `qcow2`: the bytes are what the guest sees, and become a new qcow2 image.
        package var format: String
        /// Which state of the source it is, as the source said; nil where that can't be told, and so nothing of the disk
        /// can be kept for a later run.
        package var generation: HexBytes?
        /// What is changed by it; nil for a disk of its own. An overlay is always qcow2.
        package var base: Base?

        package init(
            index: UInt16, folder: String, fileName: String, size: UInt64, format: String, generation: HexBytes? = nil,
            base: Base? = nil
        ) {
            self.base = base
            self.index = index
            self.folder = folder
            self.fileName = fileName
            self.size = size
            self.format = format
            self.generation = generation
        }
    }

    package var job: HexBytes
    package var secret: JobSecret
    package var senderSalt: HexBytes
    package var operation: String
    package var disks: [Disk]
    package var streams: Int
    package var digests: Bool
    package var stallTimeout: Int
    /// Whether links may be lost, and what they would have brought come over others.
    package var inTrees: Bool
    /// Whether to go on with what an earlier run of the operation has left.
    package var continues: Bool

    package init(
        job: HexBytes, secret: JobSecret, senderSalt: HexBytes, operation: String, disks: [Disk], streams: Int,
        digests: Bool, stallTimeout: Int, inTrees: Bool = false, continues: Bool = false
    ) {
        self.job = job
        self.secret = secret
        self.senderSalt = senderSalt
        self.operation = operation
        self.disks = disks
        self.streams = streams
        self.digests = digests
        self.stallTimeout = stallTimeout
        self.inTrees = inTrees
        self.continues = continues
    }

    package struct Response: Codable, Sendable {
        package var salt: HexBytes
        /// The partial file of each disk, in order. A file keeps its identity when it is published.
        package var files: [FileIdentity]
        /// What is left of an earlier run, of each disk, in order; empty where nothing was looked for.
        package var kept: [KeptDisk]

        package init(salt: HexBytes, files: [FileIdentity], kept: [KeptDisk] = []) {
            self.salt = salt
            self.files = files
            self.kept = kept
        }
    }
}

/// Which file a name means: its device and inode.
package struct FileIdentity: Codable, Sendable, Hashable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// Receives the disks of a job. Answered when all of them are complete and durable.
package struct Receive: AgentRequest {
    package static let name = "receive.run"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package struct Response: Codable, Sendable {
        package var wireBytes: UInt64
        /// Nanoseconds per stage, summed over threads; `user` and `system` are their CPU time.
        package var stages: [String: UInt64]

        package init(wireBytes: UInt64, stages: [String: UInt64] = [:]) {
            self.wireBytes = wireBytes
            self.stages = stages
        }
    }
}

/// Reads back what a job has written, from the medium where that can be done, and answers with the root digests.
package struct ReadBack: AgentRequest {
    package static let name = "receive.readback"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package struct Response: Codable, Sendable {
        /// Root digest of each disk, in order.
        package var roots: [HexBytes]
        /// True when the page cache was bypassed.
        package var fromMedium: Bool
        /// As in `Receive.Response`.
        package var stages: [String: UInt64]

        package init(roots: [HexBytes], fromMedium: Bool, stages: [String: UInt64] = [:]) {
            self.roots = roots
            self.fromMedium = fromMedium
            self.stages = stages
        }
    }
}

/// Gives the partial files of a job their final names.
package struct Publish: AgentRequest {
    package static let name = "receive.publish"

    /// A new name for an image's backing file, written into the header before the image is published.
    package struct Rebase: Codable, Sendable, Equatable {
        package var index: UInt16
        package var backingFile: String
        package var backingFormat: String

        package init(index: UInt16, backingFile: String, backingFormat: String) {
            self.index = index
            self.backingFile = backingFile
            self.backingFormat = backingFormat
        }
    }

    package var job: HexBytes
    package var rebases: [Rebase]
    /// Files of these names may exist: they are set aside, and removed by `Settle` or put back by `Sweep`.
    package var replacing: [String]

    package init(job: HexBytes, rebases: [Rebase], replacing: [String]) {
        self.job = job
        self.rebases = rebases
        self.replacing = replacing
    }

    package struct Response: Codable, Sendable {
        /// The final path of each disk, in order.
        package var paths: [String]

        package init(paths: [String]) {
            self.paths = paths
        }
    }
}

/// Ends a job whose domain is defined: replaced files are removed for good.
package struct Settle: AgentRequest {
    package static let name = "receive.settle"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package typealias Response = Done
}
