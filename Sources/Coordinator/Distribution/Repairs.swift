import AgentProtocol
import Model

/// Gives targets what their trees have not brought: from a target that has it, else from the source.
struct Repairs: Sendable {
    private static let streams = 2

    let operation: CopyOperation
    let keeper: TreeKeeper

    /// Looks after those that are left until all are finished. The source has sent everything when this begins.
    func run() async {
        var number = 0
        while !Task.isCancelled {
            let left = await keeper.unfinished
            if left.isEmpty { return }
            for host in left {
                number += 1
                do throws(KVMCloneError) {
                    try await repair(host, number: number)
                } catch {
                    // The target's own time-out decides when it is given up.
                    operation.logger.warning("repair failed", metadata: ["host": "\(host)", "error": "\(error)"])
                }
            }
            do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
        }
    }

    private func repair(_ host: String, number: Int) async throws(KVMCloneError) {
        guard let driver = operation.targets.first(where: { $0.name == host }) else { return }
        let missing = try await driver.call(Missing(job: operation.job))
        // What is on its way arrives by itself.
        guard !missing.isComplete, missing.activeLinks == 0 else { return }
        guard let ends = await keeper.provider(for: host) else { return }
        var bytes = operation.job.bytes
        bytes[14] = UInt8(number >> 8 & 0xff)
        bytes[15] = UInt8(number & 0xff)
        let id = HexBytes(bytes)
        operation.logger.info("repair", metadata: ["host": "\(host)", "from": "\(ends.parent.name)"])
        let opened = try await ends.parent.driver.call(
            OpenRepair(job: operation.job, repair: id, disks: missing.disks, streams: Self.streams))
        let result: Result<Void, KVMCloneError>
        do throws(KVMCloneError) {
            let streams = (0..<UInt16(Self.streams)).map {
                UInt16(ends.generation * TreeKeeper.streamsPerGeneration) + $0
            }
            _ = try await Joiner(
                job: operation.job, parentJob: id, parent: JoinEnd(driver: ends.parent.driver, salt: opened.salt),
                child: ends.child, links: streams, choice: operation.options.path
            ).join()
            _ = try await ends.parent.driver.call(RunRepair(repair: id))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        _ = try? await ends.parent.driver.call(Close(job: id))
        try result.get()
    }
}
