import CLinux
import Glibc
import Synchronization

@testable import DataPlane

/// A disk in memory of its own. A target knows what its source has, and counts every byte range that differs.
final class SimulatedDisk: ReadBackSource, DiskSink, @unchecked Sendable {
    // @unchecked: a target's ranges are claimed once before they are written, and read only after that.

    let size: UInt64
    private let memory: UnsafeMutableRawPointer
    private let original: SimulatedDisk?
    /// Writes that were not what the source has.
    let wrongWrites = Atomic<Int>(0)

    /// Runs of noise and of zeros, the same for the same generator.
    init(size: Int, _ generator: inout Seeded) {
        self.size = UInt64(size)
        memory = .allocate(byteCount: size, alignment: 4096)
        memset(memory, 0, size)
        original = nil
        var at = 0
        while at < size {
            let length = min(size - at, Int.random(in: 1...600_000, using: &generator))
            if Int.random(in: 0..<3, using: &generator) > 0 {
                let start = Int.random(in: 0..<4096, using: &generator)
                Self.noise.withUnsafeBytes { noise in
                    if let p = noise.baseAddress { memcpy(memory + at, p + start, length) }
                }
            }
            at += length
        }
    }

    /// A target full of what no copy would leave.
    init(targetOf original: SimulatedDisk) {
        size = original.size
        self.original = original
        memory = .allocate(byteCount: Int(size), alignment: 4096)
        memset(memory, 0xdd, Int(size))
    }

    deinit { memory.deallocate() }

    private static let noise: [UInt64] = {
        var generator = Seeded(99)
        return (0..<80_000).map { _ in generator.next() }
    }()

    /// True when it is what the source has, bit for bit.
    var isIdentical: Bool { original.map { memcmp(memory, $0.memory, Int(size)) == 0 } ?? true }

    func extents(in range: Range<UInt64>) throws -> [Extent] {
        stride(from: range.lowerBound, to: range.upperBound, by: 65536).map { at in
            let length = min(65536, range.upperBound - at)
            return Extent(offset: at, length: length, isZero: kc_is_zero(memory + Int(at), Int(length)))
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: memory + Int(offset), count: buffer.count))
    }

    func checkUnchanged() throws {}

    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws {
        guard let p = buffer.baseAddress, let original else { throw DiskFault(text: "a source was written") }
        if memcmp(p, original.memory + Int(offset), buffer.count) != 0 { wrongWrites.add(1, ordering: .relaxed) }
        memcpy(memory + Int(offset), p, buffer.count)
    }

    func zero(_ range: Range<UInt64>) throws {
        guard let original else { throw DiskFault(text: "a source was written") }
        if !kc_is_zero(original.memory + Int(range.lowerBound), range.count) { wrongWrites.add(1, ordering: .relaxed) }
        memset(memory + Int(range.lowerBound), 0, range.count)
    }

    func flush() throws {}
    func readBack() throws -> any ReadBackSource { self }
    var medium: ReadBackMedium { .direct }
}
