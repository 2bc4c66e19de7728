import Glibc
import Synchronization
import Testing

@testable import DataPlane

/// A disk in memory that forgets what was not flushed when its power goes. Writes may also reach it early, as they do.
final class PowerLossDisk: DiskSink {
    let size: UInt64
    private let state: Mutex<State>

    private struct State {
        var volatile: [UInt8]
        var durable: [UInt8]
        var pending: [Range<Int>] = []
        var generator: Seeded

        mutating func keep(_ range: Range<Int>) {
            volatile.withUnsafeBytes { from in
                durable.withUnsafeMutableBytes { to in
                    UnsafeMutableRawBufferPointer(rebasing: to[range]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: from[range]))
                }
            }
        }
    }

    init(size: Int, seed: UInt64) {
        self.size = UInt64(size)
        let bytes = [UInt8](repeating: 0xdd, count: size)
        state = Mutex(State(volatile: bytes, durable: bytes, generator: Seeded(seed)))
    }

    /// What is there after a loss of power: a random part of what was not flushed is there, too.
    func losePower() -> [UInt8] {
        state.withLock { state in
            for range in state.pending where Bool.random(using: &state.generator) { state.keep(range) }
            return state.durable
        }
    }

    /// What is there when only processes are killed.
    var bytes: [UInt8] { state.withLock { $0.volatile } }

    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws {
        state.withLock { state in
            let range = Int(offset)..<(Int(offset) + buffer.count)
            state.volatile.withUnsafeMutableBytes {
                UnsafeMutableRawBufferPointer(rebasing: $0[range]).copyMemory(from: buffer)
            }
            state.pending.append(range)
        }
    }

    func zero(_ range: Range<UInt64>) throws {
        state.withLock { state in
            let range = Int(range.lowerBound)..<Int(range.upperBound)
            state.volatile.withUnsafeMutableBytes {
                _ = $0[range].initializeMemory(as: UInt8.self, repeating: 0)
            }
            state.pending.append(range)
        }
    }

    func flush() throws {
        state.withLock { state in
            for range in state.pending { state.keep(range) }
            state.pending = []
        }
    }

    func readBack() throws -> any ReadBackSource { MemoryDisk(bytes) }
}

/// Whether two disks hold the same in a range; array slices compare too slowly without optimisation.
func areEqual(_ first: [UInt8], _ second: [UInt8], in range: Range<UInt64>) -> Bool {
    let range = Int(range.lowerBound)..<Int(range.upperBound)
    return first.withUnsafeBytes { first in
        second.withUnsafeBytes { second in
            guard let a = first.baseAddress, let b = second.baseAddress else { return range.isEmpty }
            return memcmp(a + range.lowerBound, b + range.lowerBound, range.count) == 0
        }
    }
}

/// Expects that two disks hold the same in a range, and names the first byte that differs.
func expectEqual(
    _ first: [UInt8], _ second: [UInt8], in range: Range<UInt64>, sourceLocation: SourceLocation = #_sourceLocation
) {
    guard !areEqual(first, second, in: range) else { return }
    // Not the disks themselves: to describe them takes minutes.
    let place = range.first { first[Int($0)] != second[Int($0)] }
    Issue.record("byte \(place ?? 0) of \(range) differs", sourceLocation: sourceLocation)
}

extension ResumeJournal.Subject {
    /// The first raw disk of an operation.
    static func test(size: UInt64) -> ResumeJournal.Subject {
        ResumeJournal.Subject(operation: "OP", number: 0, size: size, format: "raw", generation: [7])
    }
}
