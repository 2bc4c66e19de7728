import AgentProtocol
import Model

/// The source's side of comparisons with several copies: what one of them has made it read, the others get without that.
///
/// Digests of units are kept, 2 bytes for each MiB of the disks; those of leaves only by the agent, for one window of units
/// at a time, so that a copy far behind the others makes it read a window again.
actor SourceDigests {
    private struct Window: Hashable {
        var disk: Int
        var first: UInt64
        var end: UInt64
    }

    private struct Units: Sendable {
        var digests: [ArraySlice<UInt8>]
        var read: UInt64
    }

    typealias Open = @Sendable () async throws(KVMCloneError) -> ComparedSide

    private let open: Open
    private var opened: Result<ComparedSide, KVMCloneError>?
    private var known: [Window: Units] = [:]
    /// The window of each disk whose leaves the agent has.
    private var current: [Int: Window] = [:]
    /// The last of those that wait for their turn.
    private var last: Task<Void, Never>?

    /// `open`: makes the agent open the disks; asked once, when somebody compares.
    init(open: @escaping Open) { self.open = open }

    /// A side that is open already.
    init(_ side: ComparedSide) { self.init { () throws(KVMCloneError) in side } }

    /// Bytes of a disk.
    func size(of disk: Int) async throws(KVMCloneError) -> UInt64 {
        try await inTurn { [self] () throws(KVMCloneError) in try await side().sizes[disk] }
    }

    /// Digests of some units, one for each, and how many bytes were read for them; 0 when they were known.
    func units(
        _ window: Range<UInt64>, disk: Int
    ) async throws(KVMCloneError) -> (digests: [ArraySlice<UInt8>], read: UInt64) {
        let window = Window(disk: disk, first: window.lowerBound, end: window.upperBound)
        if let units = known[window] { return (units.digests, 0) }
        let units = try await inTurn { [self] () throws(KVMCloneError) in
            if let units = await known[window] { return Units(digests: units.digests, read: 0) }
            return try await hash(window)
        }
        return (units.digests, units.read)
    }

    /// Digests of the leaves of some units of a window.
    func leaves(
        _ units: [UInt64], of window: Range<UInt64>, disk: Int
    ) async throws(KVMCloneError) -> [[UInt8]] {
        let window = Window(disk: disk, first: window.lowerBound, end: window.upperBound)
        return try await inTurn { [self] () throws(KVMCloneError) in
            if await current[disk] != window { _ = try await hash(window) }
            return try await side().leaves(units, disk: disk)
        }
    }

    /// Throws when somebody has written to the disks since they were opened.
    func confirmUnchanged() async throws(KVMCloneError) {
        guard case .success(let side)? = opened else { return }
        _ = try await side.driver.call(ConfirmUnchanged(job: side.job))
    }

    private func hash(_ window: Window) async throws(KVMCloneError) -> Units {
        current[window.disk] = nil
        let found = try await side().units(window.first..<window.end, disk: window.disk)
        let units = Units(digests: found.digests, read: found.read)
        known[window] = units
        current[window.disk] = window
        return units
    }

    private func side() async throws(KVMCloneError) -> ComparedSide {
        if let opened { return try opened.get() }
        let result: Result<ComparedSide, KVMCloneError>
        do throws(KVMCloneError) { result = .success(try await open()) } catch { result = .failure(error) }
        // Whoever was stopped has not found out whether it can be opened.
        if case .failure(let error) = result, error.code == .cancelled { throw error }
        opened = result
        return try result.get()
    }

    /// One request after the other: each of them changes what the agent has.
    private func inTurn<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(KVMCloneError) -> Value
    ) async throws(KVMCloneError) -> Value {
        let before = last
        let task = Task { () -> Result<Value, KVMCloneError> in
            await before?.value
            do throws(KVMCloneError) { return .success(try await work()) } catch { return .failure(error) }
        }
        last = Task { _ = await task.value }
        return try await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }.get()
    }
}
