import Foundation
import Glibc
import Model

/// A folder of its own for one test, gone with all in it when nobody holds it any more.
package final class TemporaryFolder: Sendable {
    /// Where it is.
    package let path: String

    package init() throws {
        var template = Array("/tmp/kvm-clone-sim-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw KVMCloneError(.general, "no temporary folder", cause: String(cString: strerror(errno)))
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        // What is left behind lies in /tmp and harms nobody.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Makes a folder in it and returns its path.
    package func folder(_ name: String) throws -> String {
        let folder = path + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }
}
