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
