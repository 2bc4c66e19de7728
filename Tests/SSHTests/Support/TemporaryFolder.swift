import Glibc
import Testing

@testable import SSH

/// A folder in /tmp that is removed with the files in it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/ssh-tests-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
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

    @discardableResult
    func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        return file
    }

    func read(_ name: String) throws -> String {
        String(decoding: try readSmallFile("\(path)/\(name)"), as: UTF8.self)
    }

    /// Runs a helper program, which must succeed; returns what it printed.
    @discardableResult
    func tool(_ arguments: String...) async throws -> String {
        let output = try await onThread("tool") { cancelled throws(SSHError) in
            let result = try runTool(arguments, deadline: .now + .seconds(60), cancelled: cancelled)
            guard result.status.isSuccess else { throw .process("\(arguments): \(result.errors)") }
            return result.output
        }
        return output
    }
}
