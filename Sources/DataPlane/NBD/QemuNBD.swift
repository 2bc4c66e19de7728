import CLinux
import Glibc
import Synchronization

/// A `qemu-nbd` child that serves one disk to this process alone.
///
/// Its socket lies in a folder of mode 0700 only until the first connection; then both names go away, and later
/// connections use the socket that is held open. So nothing is left in the file system, even after a SIGKILL.
public final class QemuNBD: Sendable {
    /// The name that the disk is exported under.
    public let export: String
    /// Whether the server works past the page cache (`--cache=none`).
    public let medium: ReadBackMedium
    private let child: ChildProcess
    private let socket: OwnedDescriptor
    private let timeout: UInt32

    /// How many connections a server takes, and how many a client makes at most.
    public static let connections = 4

    /// Serves a backing chain for reading, from the page cache where it has the bytes.
    ///
    /// - Parameter bitmap: a dirty bitmap of the topmost image that is told as well. Throws when it isn't there, or isn't in
    ///   order.
    public static func serve(
        _ chain: BackingChain, export: String, bitmap: String? = nil, timeout: UInt32 = 120
    ) throws -> QemuNBD {
        let told = bitmap.map { ["--bitmap=\($0)"] } ?? []
        let image =
            told + ["--read-only", "--image-opts", "--cache=writeback", ImageOptions.string(for: chain.layers)]
        return try QemuNBD(image, export: export, medium: .cache, timeout: timeout)
    }

    /// Serves an unfinished qcow2 image for writing. It works past the page cache where the file system allows that,
    /// otherwise with `--cache=writeback`; either way a flush makes all of it durable.
    ///
    /// - Parameter base: what it shows where it has nothing of its own.
    public static func serveForWriting(
        _ file: TemporaryFile, over base: BackingChain? = nil, export: String, timeout: UInt32 = 120
    ) throws -> QemuNBD {
        let direct = DirectDescriptor(of: file.descriptor.raw, flags: O_RDWR)
        let layer = ImageLayer(
            path: file.path, format: .qcow2, virtualSize: 0, fileSize: 0, allocated: 0,
            identity: try .of(file.descriptor.raw, path: file.path), header: nil, backingName: nil)
        // Zeros may free clusters; a discard by itself never happens, since the client sends none.
        let image = [
            "--image-opts", "--cache=\(direct == nil ? "writeback" : "none")", "--discard=unmap",
            ImageOptions.string(for: [layer] + (base?.layers ?? [])),
        ]
        let medium: ReadBackMedium = direct?.reachesMedium == true ? .direct : .cache
        return try QemuNBD(image, export: export, medium: medium, timeout: timeout)
    }

    private init(_ image: [String], export: String, medium: ReadBackMedium, timeout: UInt32) throws {
        self.export = export
        self.medium = medium
        self.timeout = timeout
        let folder = try Self.makeFolder()
        let path = "\(folder)/nbd"
        defer {
            unlink(path)
            rmdir(folder)
        }
        // --persistent: the end comes from stop() or with this process, not with a client that happens to leave.
        child = try ChildProcess(
            "qemu-nbd",
            [
                "--socket=\(path)", "--export-name=\(export)", "--shared=\(Self.connections * 2)", "--persistent",
                "--detect-zeroes=off",
            ] + image)
        do {
            socket = try Self.waitForSocket(path, child)
        } catch {
            child.stop()
            throw error
        }
    }

    deinit { child.stop() }

    /// What the server printed so far.
    public var messages: String { child.messages }

    /// Id of the server while it runs.
    public var processIdentifier: Int32? { child.identifier }

    /// Ends the server and waits for that: after `flush`, and before the image is used in another way.
    public func stop() { child.stop() }

    /// A client of the disk.
    public func connect(contexts: [String] = [NBDClient.allocationContext]) throws -> NBDClient {
        do {
            return try NBDClient(
                path: "/proc/self/fd/\(socket.raw)", export: export, contexts: contexts, connections: Self.connections,
                timeout: timeout)
        } catch {
            // A server that could not open the image has said why.
            if child.waitForEnd(milliseconds: 200), let status = child.status {
                throw ToolError.failed(tool: "qemu-nbd", status: status, messages: child.messages)
            }
            throw error
        }
    }

    private static func makeFolder() throws -> String {
        let parent = access("/run", W_OK) == 0 ? "/run" : "/tmp"
        var template = Array("\(parent)/kvm-clone-nbd-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw DiskError.system(errno, "make a folder in", parent) }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Waits until the server listens, and opens its socket so that its name can go away.
    private static func waitForSocket(_ path: String, _ child: ChildProcess) throws -> OwnedDescriptor {
        let pause = 5
        let limit = 30_000
        for _ in 0..<limit / pause {
            // A probe shows that it listens: the name is there a moment earlier.
            let probe = kc_connect_unix(path)
            if probe >= 0 {
                close(probe)
                let socket = open(path, kc_o_path | O_CLOEXEC)
                guard socket >= 0 else { throw DiskError.system(errno, "open", path) }
                return OwnedDescriptor(owning: socket)
            }
            if child.waitForEnd(milliseconds: pause) {
                throw ToolError.failed(tool: child.tool, status: child.status ?? -1, messages: child.messages)
            }
        }
        throw ToolError.timedOut(tool: child.tool, messages: child.messages)
    }
}

extension NBDSource {
    /// The guest-visible bytes of a disk, through a server that lives as long as the source.
    ///
    /// - Parameter bitmap: a dirty bitmap of the topmost image, for `dirty`.
    public convenience init(
        _ chain: BackingChain, export: String, bitmap: String? = nil, allowance: ReadAllowance
    ) throws {
        let server = try QemuNBD.serve(chain, export: export, bitmap: bitmap)
        var watches: [FileWatch] = []
        for layer in chain.layers {
            let allowed = layer.identity.isBlockDevice ? try allowance.adding(file: layer.path) : allowance
            let watch = try FileWatch(try allowed.open(layer.path))
            if let difference = layer.identity.difference(to: watch.identity) {
                throw DiskError(.changed, "serve", layer.path, detail: difference)
            }
            watches.append(watch)
        }
        let contexts = [NBDClient.allocationContext] + (bitmap.map { [Self.context(of: $0)] } ?? [])
        self.init(try server.connect(contexts: contexts), watches: watches, keeping: server)
    }
}

extension NBDSink {
    /// A new qcow2 image in an unfinished file, through a server that lives as long as the sink.
    public convenience init(newQcow2 file: TemporaryFile, size: UInt64, export: String, options: QemuImg.Qcow2Options)
        throws
    {
        guard file.isNew else { throw DiskError(.changed, "make an image in", file.path, detail: "it is not new") }
        try QemuImg.createQcow2(file, size: size, options: options)
        let server = try QemuNBD.serveForWriting(file, export: export)
        try self.init(
            try server.connect(), size: size, isEmpty: true, medium: server.medium, server: server)
    }

    /// A new overlay in an unfinished file, through a server that lives as long as the sink. It takes what is written, and
    /// the image below stays as it is.
    ///
    /// - Parameters:
    ///   - name: of the image below, in the file's folder.
    ///   - base: that image.
    public convenience init(
        overlay file: TemporaryFile, over name: FileName, _ base: BackingChain, size: UInt64, export: String
    ) throws {
        guard file.isNew else { throw DiskError(.changed, "make an image in", file.path, detail: "it is not new") }
        try QemuImg.createOverlay(file, size: size, over: name, format: base.layers[0].format)
        let server = try QemuNBD.serveForWriting(file, over: base, export: export)
        try self.init(
            try server.connect(), size: size, isEmpty: false, medium: server.medium, server: server)
    }

    /// A qcow2 image that an earlier run has left in an unfinished file.
    public convenience init(keptQcow2 file: TemporaryFile, size: UInt64, export: String) throws {
        let server = try QemuNBD.serveForWriting(file, export: export)
        try self.init(
            try server.connect(), size: size, isEmpty: false, medium: server.medium, server: server)
    }
}
