import AgentProtocol
import Model

/// One side of a comparison, as its agent answers.
struct ComparedSide: Sendable {
    let driver: any HostDriver
    let job: HexBytes
    /// Of each disk, in bytes.
    let sizes: [UInt64]

    /// Digests of some units, one for each, and how many bytes were read for them.
    func units(
        _ window: Range<UInt64>, disk: Int
    ) async throws(KVMCloneError) -> (digests: [ArraySlice<UInt8>], read: UInt64) {
        let answer = try await driver.call(
            HashUnits(job: job, disk: disk, first: window.lowerBound, count: window.count))
        let bytes = answer.digests.bytes
        guard bytes.count == window.count * HashUnits.digest else { throw nonsense }
        let digests = stride(from: 0, to: bytes.count, by: HashUnits.digest).map {
            bytes[$0..<($0 + HashUnits.digest)]
        }
        return (digests, answer.dataBytes)
    }

    /// Digests of the leaves of some of the units that were hashed last.
    func leaves(_ units: [UInt64], disk: Int) async throws(KVMCloneError) -> [[UInt8]] {
        let answer = try await driver.call(HashLeaves(job: job, disk: disk, units: units))
        guard answer.leaves.count == units.count else { throw nonsense }
        return answer.leaves.map(\.bytes)
    }

    private var nonsense: KVMCloneError {
        KVMCloneError(.connection, "the agent's answer about digests makes no sense", host: driver.name)
    }
}

/// Finds where disks differ, top down: both sides hash units at once, and only of units that differ the digests of their
/// leaves are fetched. Each step is a window of units, so that digests take 4 MiB at most on their way.
struct WindowComparison: Sendable {
    /// Units in one step, 1 GiB.
    static let window: UInt64 = 64

    let source: ComparedSide
    let copy: ComparedSide

    /// Compares one disk. `note` gets the bytes of it that are dealt with, and those of data that were read at the source
    /// since the last time.
    func compare(
        disk place: Int, named name: String, note: (UInt64, UInt64) -> Void
    ) async throws(KVMCloneError) -> ComparedDisk {
        let (size, copySize) = (source.sizes[place], copy.sizes[place])
        var found = ComparedDisk(disk: name, size: size, copySize: copySize)
        // A unit that is partial on one side only has another digest; its leaves tell.
        let common = min(size, copySize)
        let unit = HashUnits.unit
        let units = common / unit + (common % unit == 0 ? 0 : 1)
        var first: UInt64 = 0
        while first < units {
            if Task.isCancelled { throw KVMCloneError(.cancelled, "stopped while it compared") }
            let window = first..<min(units, first + Self.window)
            let (ranges, read) = try await differences(in: window, disk: place, size: common)
            for range in ranges { found.add(range) }
            first = window.upperBound
            note(min(size, first * unit), read)
        }
        found.add(common..<max(size, copySize))
        note(size, 0)
        return found
    }

    private func differences(
        in window: Range<UInt64>, disk: Int, size: UInt64
    ) async throws(KVMCloneError) -> (ranges: [Range<UInt64>], read: UInt64) {
        let (one, other) = try await both { side throws(KVMCloneError) in try await side.units(window, disk: disk) }
        let differing = zip(window, zip(one.digests, other.digests)).filter { $1.0 != $1.1 }.map(\.0)
        guard !differing.isEmpty else { return ([], one.read) }
        let (ones, others) = try await both { side throws(KVMCloneError) in
            try await side.leaves(differing, disk: disk)
        }
        var ranges: [Range<UInt64>] = []
        for (unit, (leaves, otherLeaves)) in zip(differing, zip(ones, others)) {
            guard let found = LeafDifferences.ranges(unit: unit, size: size, leaves, otherLeaves) else {
                throw KVMCloneError(
                    .connection, "the agents' digests of unit \(unit) can't be compared", host: copy.driver.name)
            }
            ranges += found
        }
        return (ranges, one.read)
    }

    private func both<Answer: Sendable>(
        _ ask: @escaping @Sendable (ComparedSide) async throws(KVMCloneError) -> Answer
    ) async throws(KVMCloneError) -> (Answer, Answer) {
        async let one = Self.result(source, ask)
        async let other = Self.result(copy, ask)
        let (first, second) = await (one, other)
        return (try first.get(), try second.get())
    }

    private static func result<Answer: Sendable>(
        _ side: ComparedSide, _ ask: @Sendable (ComparedSide) async throws(KVMCloneError) -> Answer
    ) async -> Result<Answer, KVMCloneError> {
        do throws(KVMCloneError) { return .success(try await ask(side)) } catch { return .failure(error) }
    }
}
