import Foundation
import Glibc

/// A temporary folder that goes with its last owner.
final class Scratch: Sendable {
    let folder: String

    init(under parent: String = "/tmp") throws {
        var template = Array("\(parent)/kvm-clone-it.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure("can't make a folder under \(parent)") }
        folder = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// A file's text; empty if there is none.
    func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path(name)) ?? Data(), as: UTF8.self)
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }
}
