import Foundation
import Glibc
import Model
import Synchronization

/// A backup job as QEMU would make it: a disk as it was when it began, behind an NBD server on a UNIX socket. One disk only,
/// since a qemu-nbd serves one.
package final class FakeBackup: Sendable {
    package let socket: String
    private let folder: String
    private let server = Mutex<pid_t?>(nil)

    init(folder: String, operation: String) throws(KVMCloneError) {
        self.folder = "\(folder)/kvm-clone-\(operation)"
        socket = self.folder + "/nbd"
        do {
            try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        } catch {
            throw KVMCloneError(.general, "\(error)")
        }
    }

    deinit { end() }

    /// Whether the job runs.
    package var isRunning: Bool { server.withLock { $0 != nil } }

    func begin(_ xml: String, images: [String: (path: String, format: String)]) throws(KVMCloneError) {
        let disks = xml.matches(of: #/<disk name="([^"]*)" backup="yes" type="file" exportname="([^"]*)"[^>]*>/#)
        guard disks.count == 1, let disk = disks.first, let image = images[String(disk.1)] else {
            throw KVMCloneError(.libvirt, "this fake backs up one disk")
        }
        let copy = "\(folder)/\(disk.1)"
        do {
            // Of a job that couldn't begin.
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: image.path, toPath: copy)
        } catch {
            throw KVMCloneError(.libvirt, "\(error)")
        }
        var bitmap: [String] = []
        if let since = xml.firstMatch(of: #/ incremental="([^"]*)"/#)?.1 {
            do {
                try Tool.run("qemu-img", ["bitmap", "--add", copy, "backup-\(disk.1)"])
                try Tool.run("qemu-img", ["bitmap", "--merge", String(since), copy, "backup-\(disk.1)"])
            } catch {
                throw KVMCloneError(.libvirt, "missing or broken bitmap", cause: "\(error)")
            }
            bitmap = ["--bitmap=backup-\(disk.1)"]
        }
        let process = try Self.start(
            [
                "qemu-nbd", "--socket=\(socket)", "--export-name=\(disk.2)", "--read-only", "--persistent",
                "--shared=8", "--format=\(image.format)",
            ] + bitmap + [copy])
        server.withLock { $0 = process }
        // Its name is there a moment before it listens.
        for _ in 0..<6000 {
            if Self.listens(socket) { return }
            usleep(5000)
        }
        throw KVMCloneError(.libvirt, "the backup's server doesn't listen")
    }

    /// Whether somebody takes connections to a UNIX socket.
    private static func listens(_ path: String) -> Bool {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// From now on a bitmap in each image says what is written.
    static func addBitmap(_ name: String, images: [String: (path: String, format: String)]) throws(KVMCloneError) {
        for image in images.values where image.format == "qcow2" {
            do { try Tool.run("qemu-img", ["bitmap", "--add", image.path, name]) } catch {
                throw KVMCloneError(.libvirt, "the bitmap can't be made", cause: "\(error)")
            }
        }
    }

    func end() {
        let process = server.withLock { server in
            defer { server = nil }
            return server
        }
        if let process {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        // It is in the test's own folder, which goes as well.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func start(_ words: [String]) throws(KVMCloneError) -> pid_t {
        var process: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in arguments { free(pointer) } }
        guard posix_spawnp(&process, words[0], nil, nil, &arguments, environ) == 0 else {
            throw KVMCloneError(.general, "\(words[0]) can't be started")
        }
        return process
    }
}
