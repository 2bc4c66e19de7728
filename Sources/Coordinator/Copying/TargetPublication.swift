import AgentProtocol
import Model

extension TargetRun {
    /// Reads back and compares with what the source has read. False when that wasn't asked for.
    func verify(_ sent: Send.Response) async throws(KVMCloneError) -> Bool {
        guard operation.options.verify else { return false }
        guard let expected = sent.roots else {
            throw KVMCloneError(.transfer, "the source has sent no digests", host: operation.source.name)
        }
        enter(.verifying)
        let read = try await driver.call(ReadBack(job: operation.job))
        if !read.fromMedium {
            operation.emit(
                .warning(
                    host: host, message: "read back through the page cache: direct reads aren't possible there"))
        }
        operation.logStages("read back", read.stages, host: host)
        for (file, roots) in zip(operation.plan.files, zip(expected, read.roots)) where roots.0 != roots.1 {
            throw KVMCloneError.spoilt(
                "\(file.disk) differs from its source after it was written", host: host,
                cause: "digest \(roots.1.hex.prefix(16))… instead of \(roots.0.hex.prefix(16))…",
                whatToDo: "the copy was removed; look for errors of the medium with `dmesg` on \(host)")
        }
        guard read.roots.count == expected.count, expected.count == operation.plan.files.count else {
            throw KVMCloneError.spoilt("digests of some disks are missing", host: host, cause: nil, whatToDo: nil)
        }
        return true
    }

    /// Gives the files their names, and defines the domain or switches to the replica's new state. Answers with warnings.
    ///
    /// `isVerified`: all of it was compared with the source.
    func publish(_ files: [FileIdentity], isVerified: Bool) async throws(KVMCloneError) -> [String] {
        enter(.publishing)
        let published = zip(target.fileNames, files).map {
            Sweep.Published(path: target.folder + "/" + $0, identity: $1)
        }
        try await ledger.perform(
            .publish(host: host, job: operation.job, folders: [target.folder], files: published)
        ) { () throws(KVMCloneError) in
            _ = try await driver.call(
                Publish(
                    job: operation.job, rebases: rebases, replacing: target.replaced == nil ? [] : target.fileNames))
        }
        // Files are this agent's alone. Libvirt takes orders from anybody, so nobody may have gone on elsewhere by now.
        _ = try await driver.call(
            ConfirmClaim(.target(name: target.newName), operation: operation.id.description))
        if let sync = target.sync {
            return try await switchReplica(sync, published.map(\.path), isVerified: isVerified)
        }
        if let replaced = target.replaced {
            try await ledger.perform(.undefine(host: host, uuid: replaced.uuid, xml: replaced.xml)) {
                () throws(KVMCloneError) in
                try await driver.undefine(uuid: replaced.uuid)
            }
        }
        try await ledger.perform(.define(host: host, uuid: target.uuid)) { () throws(KVMCloneError) in
            try await driver.define(target.xml)
        }
        // From here on the copy stands; what is left to do can't take it back.
        try await ledger.settle(
            host: host, leaving: .tidy(host: host, folders: [target.folder], files: published.map(\.path)))
        return await shielded { await tidy() }
    }

    /// Ends the job and gives the claim back. Answers with what couldn't be done, which stays in the journal.
    func tidy() async -> [String] {
        do throws(KVMCloneError) {
            if target.sync != nil { try await mergeReplica() }
            _ = try await driver.call(Settle(job: operation.job))
            _ = try await driver.call(
                ReleaseClaims(operation: operation.id.description, fence: operation.attempt.number))
            try await ledger.forget(host: host)
            return []
        } catch {
            return [
                "the copy is complete, but what it replaced may be left beside it, and its name claimed: \(error); end "
                    + "that with: kvm-clone op cleanup \(operation.id)"
            ]
        }
    }

    /// Backing files have other names on the target: each overlay is told the new one.
    private var rebases: [Publish.Rebase] {
        operation.plan.files.enumerated().compactMap { place, file in
            guard !file.guestView,
                let below = operation.plan.files.firstIndex(where: {
                    $0.disk == file.disk && $0.layer == file.layer + 1
                })
            else { return nil }
            return Publish.Rebase(
                index: file.index, backingFile: target.fileNames[below],
                backingFormat: operation.plan.files[below].format)
        }
    }
}
