import AgentProtocol
import Model

/// Finds where disks differ, top down: both sides hash units at once, and only of units that differ the digests of their
/// leaves are fetched. Each step is a window of units, so that digests take 4 MiB at most on their way.
struct WindowComparison: Sendable {
    /// Units in one step, 1 GiB.
    static let window: UInt64 = 64

    let source: SourceDigests
    let copy: ComparedSide

    /// A disk's place among those of the source, and among those of the copy.
    typealias Places = (source: Int, copy: Int)

    /// Compares one disk. `differs` gets each range, in order; `note` the bytes of the disk that are dealt with, and those of
    /// data that were read since the last time.
    func compare(
        _ places: Places, named name: String, differs: (Range<UInt64>) -> Void = { _ in },
        note: (UInt64, UInt64) -> Void
    ) async throws(KVMCloneError) -> ComparedDisk {
        let (size, copySize) = (try await source.size(of: places.source), copy.sizes[places.copy])
        var found = ComparedDisk(disk: name, size: size, copySize: copySize)
        // A unit that is partial on one side only has another digest; its leaves tell.
        let common = min(size, copySize)
        let unit = HashUnits.unit
        let units = common / unit + (common % unit == 0 ? 0 : 1)
        var first: UInt64 = 0
        while first < units {
            if Task.isCancelled { throw KVMCloneError(.cancelled, "stopped while it compared") }
            let window = first..<min(units, first + Self.window)
            let (ranges, read) = try await differences(in: window, places, size: common)
            for range in ranges {
                found.add(range)
                differs(range)
            }
            first = window.upperBound
            note(min(size, first * unit), read)
        }
        found.add(common..<max(size, copySize))
        note(size, 0)
        return found
    }

    private func differences(
        in window: Range<UInt64>, _ places: Places, size: UInt64
    ) async throws(KVMCloneError) -> (ranges: [Range<UInt64>], read: UInt64) {
        let (one, other) = try await both(
            { [source] () throws(KVMCloneError) in try await source.units(window, disk: places.source) },
            { [copy] () throws(KVMCloneError) in try await copy.units(window, disk: places.copy) })
        // Whoever is first at a window makes the source read it.
        let read = max(one.read, other.read)
        let differing = zip(window, zip(one.digests, other.digests)).filter { $1.0 != $1.1 }.map(\.0)
        guard !differing.isEmpty else { return ([], read) }
        let (ones, others) = try await both(
            { [source] () throws(KVMCloneError) in try await source.leaves(differing, of: window, disk: places.source)
            },
            { [copy] () throws(KVMCloneError) in try await copy.leaves(differing, disk: places.copy) })
        var ranges: [Range<UInt64>] = []
        for (unit, (leaves, otherLeaves)) in zip(differing, zip(ones, others)) {
            guard let found = LeafDifferences.ranges(unit: unit, size: size, leaves, otherLeaves) else {
                throw KVMCloneError(
                    .connection, "the agents' digests of unit \(unit) can't be compared", host: copy.driver.name)
            }
            ranges += found
        }
        return (ranges, read)
    }

    private func both<One: Sendable, Other: Sendable>(
        _ first: @escaping @Sendable () async throws(KVMCloneError) -> One,
        _ second: @escaping @Sendable () async throws(KVMCloneError) -> Other
    ) async throws(KVMCloneError) -> (One, Other) {
        async let one = Self.result(first)
        async let other = Self.result(second)
        let (first, second) = await (one, other)
        return (try first.get(), try second.get())
    }

    private static func result<Answer: Sendable>(
        _ ask: @Sendable () async throws(KVMCloneError) -> Answer
    ) async -> Result<Answer, KVMCloneError> {
        do throws(KVMCloneError) { return .success(try await ask()) } catch { return .failure(error) }
    }
}
