import Glibc

@testable import DataPlane

/// QEMU's tools.
enum Tools {
    static let haveImages = access("/usr/bin/qemu-img", X_OK) == 0 && access("/usr/bin/qemu-io", X_OK) == 0
    static let haveServer = haveImages && access("/usr/bin/qemu-nbd", X_OK) == 0

    static func img(_ arguments: String...) throws { _ = try ChildProcess.run("qemu-img", arguments) }

    /// Runs qemu-io commands on an image.
    static func io(_ path: String, format: String, readOnly: Bool = false, _ commands: String...) throws {
        let flags = ["-f", format] + (readOnly ? ["-r"] : []) + commands.flatMap { ["-c", $0] }
        _ = try ChildProcess.run("qemu-io", flags + [path])
    }
}
