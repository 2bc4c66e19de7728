import CLinux
import Synchronization

@testable import DataPlane

struct DiskFault: Error, Equatable { var text = "injected" }

/// A disk in memory, source and sink at once. Extents follow what was written, at a granularity of its own.
final class MemoryDisk: ReadBackSource, DiskSink {
    let size: UInt64
    private let granule: UInt64
    private let state: Mutex<State>
    /// Called before each write with its offset.
    private let beforeWrite: (@Sendable (UInt64) throws -> Void)?
    /// Called before each read with its offset.
    private let beforeRead: (@Sendable (UInt64) throws -> Void)?

    private struct State {
        var bytes: [UInt8]
        var isChanged = false
        var misaligned = 0
    }

    init(
        _ bytes: [UInt8], granule: UInt64 = 4096, beforeWrite: (@Sendable (UInt64) throws -> Void)? = nil,
        beforeRead: (@Sendable (UInt64) throws -> Void)? = nil
    ) {
        size = UInt64(bytes.count)
        self.granule = granule
        state = Mutex(State(bytes: bytes))
        self.beforeWrite = beforeWrite
        self.beforeRead = beforeRead
    }

    /// A disk full of what no copy would leave.
    static func target(size: Int, beforeWrite: (@Sendable (UInt64) throws -> Void)? = nil) -> MemoryDisk {
        MemoryDisk([UInt8](repeating: 0xdd, count: size), beforeWrite: beforeWrite)
    }

    /// Runs of data, zeros and holes of random lengths.
    static func random(size: Int, seed: UInt64) -> MemoryDisk {
        var generator = Seeded(seed)
        var bytes = [UInt8](repeating: 0, count: size)
        var at = 0
        while at < size {
            let length = min(size - at, Int.random(in: 1...(1 << Int.random(in: 9...22)), using: &generator))
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: noise(&bytes, at..<(at + length), &generator)
            case 1:
                bytes.withUnsafeMutableBytes { raw in
                    for part in stride(from: at, to: at + length, by: 700) {
                        raw[part..<min(part + 700, at + length)].initializeMemory(
                            as: UInt8.self, repeating: UInt8(truncatingIfNeeded: part))
                    }
                }
            default: break
            }
            at += length
        }
        return MemoryDisk(bytes)
    }

    private static func noise(_ bytes: inout [UInt8], _ range: Range<Int>, _ generator: inout Seeded) {
        bytes.withUnsafeMutableBytes { raw in
            var at = range.lowerBound
            while at + 8 <= range.upperBound {
                raw.storeBytes(of: generator.next(), toByteOffset: at, as: UInt64.self)
                at += 8
            }
        }
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    /// Writes whose memory was not aligned to 4096.
    var misalignedWrites: Int { state.withLock { $0.misaligned } }
    func change() { state.withLock { $0.isChanged = true } }
    func flip(at offset: Int) { state.withLock { $0.bytes[offset] ^= 1 } }

    func extents(in range: Range<UInt64>) throws -> [Extent] {
        state.withLock { state in
            var result: [Extent] = []
            var at = range.lowerBound
            while at < range.upperBound {
                let end = min(range.upperBound, (at / granule + 1) * granule)
                let isZero = state.bytes.withUnsafeBytes { raw in
                    raw.baseAddress.map { kc_is_zero($0 + Int(at), Int(end - at)) } ?? true
                }
                if let last = result.last, last.isZero == isZero {
                    result[result.count - 1].length += end - at
                } else {
                    result.append(Extent(offset: at, length: end - at, isZero: isZero))
                }
                at = end
            }
            return result
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try beforeRead?(offset)
        state.withLock { state in
            state.bytes.withUnsafeBytes { raw in
                buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: raw[Int(offset)..<(Int(offset) + buffer.count)]))
            }
        }
    }

    func checkUnchanged() throws { if state.withLock({ $0.isChanged }) { throw DiskFault(text: "changed") } }

    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try beforeWrite?(offset)
        state.withLock { state in
            if Int(bitPattern: buffer.baseAddress) % 4096 != 0 { state.misaligned += 1 }
            state.bytes.withUnsafeMutableBytes { raw in
                UnsafeMutableRawBufferPointer(rebasing: raw[Int(offset)..<(Int(offset) + buffer.count)])
                    .copyMemory(from: buffer)
            }
        }
    }

    func zero(_ range: Range<UInt64>) throws {
        state.withLock { state in
            state.bytes.withUnsafeMutableBytes { raw in
                _ = raw[Int(range.lowerBound)..<Int(range.upperBound)].initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
    }

    func flush() throws {}
    func readBack() throws -> any ReadBackSource { self }
    var medium: ReadBackMedium { .direct }
}

/// A disk of any size that reads as zeros; counts what is asked of it.
final class EmptyDisk: ReadBackSource, DiskSink {
    let size: UInt64
    let extentCalls = Atomic<Int>(0)
    let reads = Atomic<Int>(0)
    let zeroed = Atomic<UInt64>(0)
    let zeroCalls = Atomic<Int>(0)

    init(size: UInt64) { self.size = size }

    func extents(in range: Range<UInt64>) throws -> [Extent] {
        extentCalls.add(1, ordering: .relaxed)
        return [Extent(offset: range.lowerBound, length: range.upperBound - range.lowerBound, isZero: true)]
    }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        reads.add(1, ordering: .relaxed)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
    }
    func checkUnchanged() throws {}
    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws { throw DiskFault(text: "unexpected write") }
    func zero(_ range: Range<UInt64>) throws {
        zeroCalls.add(1, ordering: .relaxed)
        zeroed.add(range.upperBound - range.lowerBound, ordering: .relaxed)
    }
    func flush() throws {}
    func readBack() throws -> any ReadBackSource { self }
    var medium: ReadBackMedium { .direct }
}
