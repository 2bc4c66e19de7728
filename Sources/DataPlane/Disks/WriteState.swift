import Synchronization

/// Which parts of a sink were written, and whether a flush ever failed. Thread-safe.
final class WriteState: Sendable {
    /// One bit stands for this many bytes.
    static let granule: UInt64 = 16 << 20

    private struct State {
        var written: [UInt64]
        var flushFailure: (any Error)?
    }
    private let state: Mutex<State>

    init(size: UInt64) {
        let granules = (size + Self.granule - 1) / Self.granule
        state = Mutex(State(written: Array(repeating: 0, count: Int((granules + 63) / 64))))
    }

    /// Remembers that `count` bytes at `offset` were written, or may have been.
    func markWritten(_ offset: UInt64, _ count: Int) {
        guard count > 0 else { return }
        let first = offset / Self.granule
        let last = (offset + UInt64(count) - 1) / Self.granule
        state.withLock { state in
            for granule in first...last { state.written[Int(granule / 64)] |= 1 << (granule % 64) }
        }
    }

    /// True when a part of `range`, or a neighbour in the same granule, may have been written.
    func mayBeWritten(_ range: Range<UInt64>) -> Bool {
        guard !range.isEmpty else { return false }
        return state.withLock { state in
            (range.lowerBound / Self.granule...(range.upperBound - 1) / Self.granule).contains { granule in
                state.written[Int(granule / 64)] & (1 << (granule % 64)) != 0
            }
        }
    }

    /// Runs a flush. After one has failed all later ones fail with the same error: the kernel reports a lost write
    /// once only, so that a second fsync that succeeds would prove nothing.
    func flush(_ body: () throws -> Void) throws {
        if let failure = state.withLock({ $0.flushFailure }) { throw failure }
        do {
            try body()
        } catch {
            state.withLock { $0.flushFailure = $0.flushFailure ?? error }
            throw error
        }
    }
}
