import Glibc

/// A folder that only this user can enter, for a control socket and short-lived secrets. Removed with its contents.
final class PrivateFolder: Sendable {
    let path: String

    /// Prefers the runtime folder of the user (in memory), then /tmp: control sockets need short paths.
    init() throws(SSHError) {
        var failure = ""
        let runtime = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
        for parent in [runtime, "/tmp"].compactMap({ $0 }) where parent.hasPrefix("/") && parent.utf8.count <= 40 {
            var template = Array("\(parent)/kvm-clone-XXXXXX".utf8CString)
            if mkdtemp(&template) != nil {
                path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return
            }
            failure = "\(parent): \(errnoText())"
        }
        throw .process("no private folder can be made: \(failure)")
    }

    deinit {
        remove()
    }

    /// Writes a new file with `mode`.
    func write(_ text: String, to name: String, mode: mode_t) throws(SSHError) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .process("\(file): \(errnoText())") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw .process("\(file): \(errnoText())")
        }
        return file
    }

    func removeFile(_ name: String) {
        unlink("\(path)/\(name)")
    }

    /// Removes the folder and the files in it; there are no folders inside.
    func remove() {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}
