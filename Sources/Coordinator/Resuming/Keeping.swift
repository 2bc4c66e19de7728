import AgentProtocol
import Model

extension CopyOperation {
    /// Whether what a target has is worth keeping after this error: another run may get past it.
    func keeps(after error: KVMCloneError) -> Bool {
        guard error.spoilsCopy != true else { return false }
        if let ending = stop.ending { return ending == .keep }
        switch error.code {
        case .connection, .network, .timeout, .transfer, .operationNotFound, .authentication: return true
        default: return false
        }
    }
}

extension TargetRun {
    /// Makes what the target has durable, and leaves it for a later run. Answers how many bytes that are, 0 when the host
    /// can't be asked; nil when there is nothing to keep, so that the target had better be rolled back.
    func keep() async -> UInt64? {
        // Changes belong to the state that they were compared with: nothing of them is worth keeping.
        guard ledger.holdsFiles(on: host), !(target.sync?.isDelta ?? false) else { return nil }
        let kept: UInt64
        switch await suspension.suspend(operation.job, on: driver) {
        case .success(let bytes):
            guard bytes > 0 || operation.attempt.continues else { return nil }
            kept = bytes
        case .failure(let error):
            // The agent keeps it by itself when it loses its coordinator, and the journal knows of it.
            operation.logger.info("not suspended", metadata: ["host": "\(host)", "error": "\(error)"])
            kept = 0
        }
        do throws(KVMCloneError) {
            _ = try await driver.call(
                ReleaseClaims(
                    operation: operation.id.description, fence: operation.attempt.number, keepsRecords: true))
        } catch {
            // They end with the agent.
            operation.logger.info("claims not released", metadata: ["host": "\(host)", "error": "\(error)"])
        }
        return kept
    }

    /// Finds out what the target has already. Answers what it lacks; nil where all of it is to come.
    func goOn(with kept: [KeptDisk]) async throws(KVMCloneError) -> DiskRanges? {
        guard operation.attempt.continues else {
            // Where others get less, what is sent is said of everybody.
            return operation.sendsRanges ? DiskRanges(source.sizes.map { $0 > 0 ? [0..<$0] : [] }) : nil
        }
        for (file, disk) in zip(operation.plan.files, kept) {
            guard let refusal = disk.refusal else { continue }
            operation.emit(
                .warning(host: host, message: "\(file.disk) is copied from its beginning: \(refusal)"))
        }
        if kept.contains(where: { !$0.tail.isEmpty }) {
            let same = try await operation.source.call(
                CompareTail(job: operation.job, disks: kept.map(\.tail), digests: kept.map(\.tailDigests))
            ).same
            _ = try await driver.call(KeepTail(job: operation.job, disks: same))
        }
        let answer = try await driver.call(Missing(job: operation.job))
        guard let missing = DiskRanges(pairs: answer.disks), missing.disks.count == operation.plan.files.count else {
            throw KVMCloneError(.connection, "the agent's list of what is missing makes no sense", host: host)
        }
        // A list with very many ranges is cut at its end; what isn't in it comes by repairs.
        let total = operation.plan.totalBytes
        let have = total > missing.bytes ? total - missing.bytes : 0
        enter(.preparing, detail: "\(ByteCount.format(have)) of \(ByteCount.format(total)) are there already")
        return missing
    }
}

extension KVMCloneError {
    /// Stopped on somebody's word.
    package static func cancelled(_ message: String, _ ending: StopEnding) -> KVMCloneError {
        KVMCloneError(.cancelled, message, exitCode: ending == .keep ? .tryAgain : nil)
    }

    /// What was written differs from its source, so that it is worth nothing.
    static func spoilt(_ message: String, host: String, cause: String?, whatToDo: String?) -> KVMCloneError {
        var error = KVMCloneError(.transfer, message, host: host, cause: cause, whatToDo: whatToDo)
        error.spoilsCopy = true
        return error
    }

    /// The same for what was removed after all.
    var undone: KVMCloneError {
        var copy = self
        if code == .cancelled, exitCode == .tryAgain { copy.exitCodeOverride = nil }
        return copy
    }

    /// The same, with what to do about what the operation has kept.
    func kept(by operation: OperationID) -> KVMCloneError {
        var copy = self
        let advice =
            "go on where it stood: kvm-clone op resume \(operation)\nor undo it: kvm-clone op cleanup \(operation)"
        copy.whatToDo = [whatToDo, advice].compactMap { $0 }.joined(separator: "\n")
        return copy
    }
}
