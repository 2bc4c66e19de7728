import AgentProtocol
import Model

/// Gives targets what their trees have not brought: from a target that has it, all or a part, else from the source.
struct Repairs: Sendable {
    /// Between two looks at what is missing; longer while repairs fail.
    private static let pause = Duration.milliseconds(200)

    let operation: CopyOperation
    let keeper: TreeKeeper

    /// Looks after those that are left until all are finished. The source has sent everything when this begins.
    func run() async {
        var number = 1
        var pause = Self.pause
        while !Task.isCancelled {
            if await keeper.isOver { return }
            let left = await keeper.unfinished
            let first = number
            let lacks = await lacks(of: left)
            let haveFailed = await withTaskGroup(of: Bool.self) { group in
                for (index, host) in left.enumerated() {
                    group.addTask {
                        do throws(KVMCloneError) {
                            try await repair(host, lacks, number: first + index)
                            return false
                        } catch {
                            // The target's own time-out decides when it is given up.
                            operation.logger.warning(
                                "repair failed", metadata: ["host": "\(host)", "error": "\(error)"])
                            return true
                        }
                    }
                }
                return await group.reduce(false) { $0 || $1 }
            }
            pause = haveFailed ? min(pause * 2, .seconds(5)) : Self.pause
            number += left.count
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    /// What each of the hosts lacks that gets nothing at the moment. What is on its way to others arrives by itself.
    private func lacks(of hosts: [String]) async -> [String: DiskRanges] {
        await withTaskGroup(of: (String, DiskRanges?).self) { group in
            for host in hosts {
                guard let driver = operation.targets.first(where: { $0.name == host }) else { continue }
                group.addTask {
                    do throws(KVMCloneError) {
                        let missing = try await driver.call(Missing(job: operation.job))
                        guard missing.activeLinks == 0 else { return (host, nil) }
                        return (host, DiskRanges(pairs: missing.disks))
                    } catch {
                        // The target's own call ends as well.
                        operation.logger.info(
                            "not asked what is missing", metadata: ["host": "\(host)", "error": "\(error)"])
                        return (host, nil)
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Who of those that lack something themselves has the most of what `host` lacks, and what that is. A list that was cut
    /// tells nothing of what its host has.
    static func bestPart(for host: String, _ lacks: [String: DiskRanges]) -> (host: String, ranges: DiskRanges)? {
        guard let wanted = lacks[host] else { return nil }
        let parts = lacks.compactMap { name, missing -> (host: String, ranges: DiskRanges)? in
            guard name != host, missing.disks.allSatisfy({ $0.count < Missing.limit }) else { return nil }
            let part = wanted.subtracting(missing)
            return part.isEmpty ? nil : (name, part)
        }
        return parts.max { ($0.ranges.bytes, $1.host) < ($1.ranges.bytes, $0.host) }
    }

    private func repair(
        _ host: String, _ lacks: [String: DiskRanges], number: Int
    ) async throws(KVMCloneError) {
        guard let wanted = lacks[host], !wanted.isEmpty else { return }
        let part = Self.bestPart(for: host, lacks)
        guard let ends = await keeper.beginRepair(of: host, orPartlyFrom: part?.host) else { return }
        let ranges = part.flatMap { ends.parent.name == $0.host ? $0.ranges : nil } ?? wanted
        operation.logger.info("repair", metadata: ["host": "\(host)", "from": "\(ends.parent.name)"])
        let result: Result<Void, KVMCloneError>
        do throws(KVMCloneError) {
            try await repair(ranges, from: ends.parent, to: ends.child, generation: ends.generation, id: id(number))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await keeper.endRepair(by: ends.parent.name, of: host)
        try result.get()
    }

    private func repair(
        _ ranges: DiskRanges, from parent: JoinEnd, to child: JoinEnd, generation: Int, id: HexBytes
    ) async throws(KVMCloneError) {
        let opened = try await parent.driver.call(
            OpenRepair(job: operation.job, repair: id, disks: ranges.pairs, streams: streams))
        let result: Result<Void, KVMCloneError>
        do throws(KVMCloneError) {
            _ = try await Joiner(
                job: operation.job, parentJob: id, parent: JoinEnd(driver: parent.driver, salt: opened.salt),
                child: child,
                links: (0..<UInt16(streams)).map { UInt16(generation * TreeState.streamsPerGeneration) + $0 },
                choice: operation.options.path
            ).join()
            await keeper.budgetRepair(by: parent.name, of: child.name, job: id)
            let sent = try await parent.driver.call(RunRepair(repair: id))
            operation.logger.debug(
                "read", metadata: ["host": "\(parent.name)", "data_bytes": "\(sent.dataBytes)", "for": "\(child.name)"])
            result = .success(())
        } catch {
            result = .failure(error)
        }
        // An agent that doesn't know it any more has nothing to close. A cancelled repair is closed as well.
        await shielded { _ = try? await parent.driver.call(Close(job: id)) }
        try result.get()
    }

    private var streams: Int { min(2, operation.streams) }

    /// The operation's job with a number behind it.
    private func id(_ number: Int) -> HexBytes {
        var bytes = operation.job.bytes
        bytes[14] = UInt8(number >> 8 & 0xff)
        bytes[15] = UInt8(number & 0xff)
        return HexBytes(bytes)
    }
}
