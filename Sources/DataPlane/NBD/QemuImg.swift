/// What is asked of `qemu-img`. All calls block until it has ended.
public enum QemuImg {
    /// How a new qcow2 image is laid out.
    public struct Qcow2Options: Sendable, Equatable {
        /// Bytes of a cluster: a power of two from 512 to 2 MiB.
        public var clusterSize: UInt64
        /// Clusters of 32 subclusters.
        public var hasExtendedL2: Bool

        /// QEMU's own defaults, unless said otherwise.
        public init(clusterSize: UInt64 = 65_536, hasExtendedL2: Bool = false) {
            self.clusterSize = clusterSize
            self.hasExtendedL2 = hasExtendedL2
        }
    }

    /// Makes an unfinished file an empty qcow2 image of `size` bytes, rounded up to whole sectors of 512 bytes.
    ///
    /// The file stays the same one: qemu-img writes into what is there. Paths given to it are absolute, for a name with
    /// a colon would be a protocol to it.
    public static func createQcow2(_ file: TemporaryFile, size: UInt64, options: Qcow2Options = .init()) throws {
        var layout = "compat=1.1,cluster_size=\(options.clusterSize)"
        if options.hasExtendedL2 { layout += ",extended_l2=on" }
        let arguments = ["create", "-q", "-f", "qcow2", "-o", layout, "--", file.path, String(size)]
        _ = try ChildProcess.run("qemu-img", arguments)
    }

    /// Makes an unfinished file an empty qcow2 image of `size` bytes that shows another file until it is written.
    ///
    /// - Parameter base: the name of a file in the same folder. It isn't opened.
    public static func createOverlay(
        _ file: TemporaryFile, size: UInt64, over base: FileName, format: ImageFormat
    ) throws {
        let arguments = [
            "create", "-q", "-u", "-f", "qcow2", "-o", "compat=1.1,cluster_size=65536", "-F", format.rawValue, "-b",
            "./\(base)", "--", file.path, String(size),
        ]
        _ = try ChildProcess.run("qemu-img", arguments)
    }

    /// Writes what an overlay has into the image below it, and makes that durable. The overlay stays as it is, and shows the
    /// same before, meanwhile and afterwards.
    public static func commit(_ overlay: BackingChain, in folder: PoolRoot) throws {
        guard overlay.layers.count > 1 else {
            throw ImageError.unsupported(path: overlay.layers[0].path, reason: "it has no image below it to merge into")
        }
        // Every file is named here: what the headers say isn't followed.
        let arguments = ["commit", "-q", "-d", "--image-opts", ImageOptions.string(for: overlay.layers)]
        _ = try ChildProcess.run("qemu-img", arguments)
        try folder.flush(overlay.layers[1].path)
    }

    /// Writes another backing image into the header of an unfinished qcow2 image. Nothing is opened or copied.
    ///
    /// - Parameter backing: the name of a file in the same folder.
    public static func rebase(_ file: TemporaryFile, onto backing: FileName, format: ImageFormat) throws {
        // A relative name with a colon would be a protocol to QEMU.
        let arguments = [
            "rebase", "-q", "-u", "-f", "qcow2", "-F", format.rawValue, "-b", "./\(backing)", "--", file.path,
        ]
        _ = try ChildProcess.run("qemu-img", arguments)
    }
}
