import Foundation
import Glibc

/// A pipe to read back what was written to a descriptor.
final class TestPipe {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CocoaError(.fileReadUnknown) }
        reading = ends[0]
        writing = ends[1]
    }

    /// What is in the pipe now; less than 64 KiB.
    func text() -> String {
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(reading, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    deinit {
        close(reading)
        close(writing)
    }
}
