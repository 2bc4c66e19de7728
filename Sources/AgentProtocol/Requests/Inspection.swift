/// Asks for the free space below some folders.
package struct MeasureFolders: AgentRequest {
    package static let name = "folders.measure"

    package var paths: [String]

    package init(paths: [String]) {
        self.paths = paths
    }

    package struct Folder: Codable, Sendable, Equatable {
        package var path: String
        /// False when there is no folder of that name.
        package var exists: Bool
        /// True when the agent's user may make files there.
        package var writable: Bool
        /// Bytes that are free for the agent's user.
        package var free: UInt64
        /// Bytes that the file system has.
        package var total: UInt64

        package init(path: String, exists: Bool, writable: Bool, free: UInt64, total: UInt64) {
            self.path = path
            self.exists = exists
            self.writable = writable
            self.free = free
            self.total = total
        }
    }

    package typealias Response = [Folder]
}

/// Asks which of some files exist. Answers in the same order.
package struct FilesExist: AgentRequest {
    package static let name = "files.exist"

    package var paths: [String]

    package init(paths: [String]) {
        self.paths = paths
    }

    package typealias Response = [Bool]
}

/// An image as the domain XML declares it, or as an image's header names it.
package struct ImageReference: Codable, Sendable, Equatable {
    package var path: String
    /// `raw` or `qcow2`; it is never guessed.
    package var format: String

    package init(path: String, format: String) {
        self.path = path
        self.format = format
    }
}

/// Asks what a disk is made of: its images from the top to the base.
package struct InspectDisk: AgentRequest {
    package static let name = "disk.inspect"

    package var image: ImageReference
    /// The backing images that the domain XML declares, from the top; empty: the headers tell.
    package var declaredChain: [ImageReference]
    /// Folders below which backing images may lie.
    package var roots: [String]

    package init(image: ImageReference, declaredChain: [ImageReference], roots: [String]) {
        self.image = image
        self.declaredChain = declaredChain
        self.roots = roots
    }

    package struct Layer: Codable, Sendable, Equatable {
        package var path: String
        package var format: String
        package var isBlockDevice: Bool
        /// Bytes that the guest sees.
        package var virtualSize: UInt64
        /// Length of the file or device, in bytes.
        package var fileSize: UInt64
        /// Bytes that the file takes on the medium.
        package var allocated: UInt64
        /// When it was last written, milliseconds since 1970.
        package var modified: Int64

        package init(
            path: String, format: String, isBlockDevice: Bool, virtualSize: UInt64, fileSize: UInt64,
            allocated: UInt64, modified: Int64
        ) {
            self.path = path
            self.format = format
            self.isBlockDevice = isBlockDevice
            self.virtualSize = virtualSize
            self.fileSize = fileSize
            self.allocated = allocated
            self.modified = modified
        }
    }

    /// From the top to the base.
    package typealias Response = [Layer]
}

/// Asks for the top images of many disks at once, for listings. What can't be read is nil. Answers in the same order.
package struct InspectImages: AgentRequest {
    package static let name = "images.inspect"

    package var images: [ImageReference]

    package init(images: [ImageReference]) {
        self.images = images
    }

    package typealias Response = [InspectDisk.Layer?]
}
