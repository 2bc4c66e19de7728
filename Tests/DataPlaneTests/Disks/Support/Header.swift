@testable import DataPlane

/// qcow2 headers made by hand.
enum Header {
    /// A sound version 3 header of a 1 MiB image in a file of four clusters of 64 KiB.
    static func sound() -> [UInt8] {
        var header = bytes(
            Qcow2Header.magic, UInt32(3), UInt64(0), UInt32(0), UInt32(16), UInt64(1 << 20), UInt32(0), UInt32(1),
            UInt64(0x30000), UInt64(0x10000))
        header += bytes(UInt32(1), UInt32(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt32(4), UInt32(104))
        return header + [UInt8](repeating: 0, count: 65_536 - header.count)
    }

    static let fileLength: UInt64 = 4 * 65_536

    /// The header with bytes replaced.
    static func with(_ offset: Int, _ replacement: [UInt8], in header: [UInt8] = sound()) -> [UInt8] {
        var header = header
        header.replaceSubrange(offset..<offset + replacement.count, with: replacement)
        return header
    }

    /// The header with a backing image, and its format where there is one.
    static func backed(by name: String, format: String?) -> [UInt8] {
        var header = sound()
        if let format {
            header = with(104, bytes(UInt32(0xE279_2ACA), UInt32(format.utf8.count)) + Array(format.utf8), in: header)
        }
        header = with(8, bytes(UInt64(1024), UInt32(name.utf8.count)), in: header)
        return with(1024, Array(name.utf8), in: header)
    }

    /// Takes the recorded format of the backing image out of an image.
    static func forgetBackingFormat(_ path: String) throws {
        // The extension with the format comes first; a type that nobody knows is skipped by everybody.
        _ = try ChildProcess.run(
            "dd", ["if=/dev/zero", "of=\(path)", "bs=1", "seek=112", "count=1", "conv=notrunc", "status=none"])
    }
}
