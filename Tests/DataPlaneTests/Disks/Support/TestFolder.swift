import CLinux
import Glibc

@testable import DataPlane

/// A folder of its own for a test, removed with all in it when the test is done with it.
final class TestFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/kvm-clone-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw DiskError.system(errno, "make a folder in", "/tmp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { _ = try? ChildProcess.run("rm", ["-rf", "--", path]) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func pool() throws -> PoolRoot { try PoolRoot(path, allowedRoots: [path]) }

    func allowance() throws -> ReadAllowance { try ReadAllowance(roots: [path]) }

    /// Makes a file of `size` bytes with the given runs of data, and returns its path.
    @discardableResult
    func write(_ name: String, size: UInt64, runs: [(offset: UInt64, bytes: [UInt8])] = []) throws -> String {
        let raw = open(file(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard raw >= 0 else { throw DiskError.system(errno, "make", file(name)) }
        let descriptor = OwnedDescriptor(owning: raw)
        guard ftruncate(raw, off_t(size)) == 0 else { throw DiskError.system(errno, "make", file(name)) }
        for run in runs {
            try run.bytes.withUnsafeBytes {
                try DescriptorIO.writeAll(descriptor.raw, $0, at: run.offset, path: file(name))
            }
        }
        return file(name)
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try write(name, size: UInt64(bytes.count), runs: [(0, bytes)])
    }

    func read(_ name: String) throws -> [UInt8] {
        let source = try FileSource(try allowance().open(file(name)))
        return try source.bytes()
    }

    /// Names of what lies in the folder.
    func names() throws -> [String] {
        try ChildProcess.run("ls", ["-A", "--", path]).split(separator: "\n").map(String.init)
    }
}

extension DiskSource {
    /// All bytes, read in parts of a size that is not a power of two.
    func bytes() throws -> [UInt8] { try bytes(in: 0..<size) }

    func bytes(in range: Range<UInt64>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xAA, count: range.count)
        try bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = min(300_000, buffer.count - done)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
                try read(into: part, at: range.lowerBound + UInt64(done))
                done += count
            }
        }
        return bytes
    }
}

extension DiskSink {
    func write(_ bytes: [UInt8], at offset: UInt64) throws {
        try bytes.withUnsafeBytes { try write($0, at: offset) }
    }
}

/// Bytes that don't repeat and are the same in every run.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return [UInt8](unsafeUninitializedCapacity: (count + 7) & ~7) { buffer, initialized in
        for offset in stride(from: 0, to: count, by: 8) {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            UnsafeMutableRawBufferPointer(buffer).storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
        }
        initialized = count
    }
}

/// Memory that O_DIRECT takes.
final class AlignedBuffer {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ contents: [UInt8]) {
        bytes = .allocate(byteCount: contents.count, alignment: 4096)
        bytes.copyBytes(from: contents)
    }

    deinit { bytes.deallocate() }
}
