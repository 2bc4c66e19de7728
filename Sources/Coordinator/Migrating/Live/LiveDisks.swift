import AgentProtocol
import Model

/// The empty disks that a live migration fills, and those that both hosts have anyway.
struct LiveDisks: Sendable {
    let id: OperationID
    let job: HexBytes
    let files: [ClonePlan.File]
    let target: ClonePlan.Target
    let here: any HostDriver
    let there: any HostDriver
    let ledger: Ledger

    /// The disks, by the guest's names, that lie on storage which both hosts share: a file that is made beside one on the old
    /// host shows up on the new one.
    func shared() async throws(KVMCloneError) -> Set<String> {
        let present = try await there.call(FilesExist(paths: files.map(\.sourcePath)))
        let doubtful = zip(files, present).filter { $1 && !$0.isBlockDevice }.map(\.0)
        guard !doubtful.isEmpty else { return [] }
        let folders = doubtful.map { ImageReference(path: $0.sourcePath, format: $0.format).folder }
        let probe = job.part(0xfe)
        _ = try await ledger.perform(.openReceive(host: here.name, job: probe, folders: folders)) {
            () throws(KVMCloneError) in
            try await here.call(
                open(
                    probe,
                    zip(doubtful, folders).map { file, folder in
                        OpenReceive.Disk(
                            index: file.index, folder: folder, fileName: "kvm-clone-\(id)-probe", size: 512,
                            format: "raw")
                    }))
        }
        let marks = folders.enumerated().map { $1 + "/" + OperationFiles.partial($0, operation: id.description) }
        let seen = try await there.call(FilesExist(paths: marks))
        try await StepUndo.close(probe, on: here)
        return Set(zip(doubtful, seen).filter(\.1).map(\.0.disk))
    }

    /// Makes the others, empty and as large as they are; overlays where there is a base, a file of the target's folder.
    func make(
        without shared: Set<String>, over bases: [String: ReplicaRecord.Disk] = [:]
    ) async throws(KVMCloneError) {
        let places = files.indices.filter { !shared.contains(files[$0].disk) }
        guard !places.isEmpty else { return }
        let opened = try await ledger.perform(
            .openReceive(host: there.name, job: job, folders: [target.folder])
        ) { () throws(KVMCloneError) in
            try await there.call(
                open(
                    job,
                    places.map { place in
                        OpenReceive.Disk(
                            index: files[place].index, folder: target.folder, fileName: target.fileNames[place],
                            size: files[place].size, format: files[place].format,
                            base: bases[files[place].disk].map {
                                OpenReceive.Base(fileName: $0.file, format: $0.format, wanted: [])
                            })
                    }))
        }
        guard opened.files.count == places.count else {
            throw KVMCloneError(.connection, "the agent has made \(opened.files.count) files", host: there.name)
        }
        let published = zip(places, opened.files).map {
            Sweep.Published(path: target.folder + "/" + target.fileNames[$0], identity: $1)
        }
        try await ledger.perform(
            .publish(host: there.name, job: job, folders: [target.folder], files: published)
        ) { () throws(KVMCloneError) in
            _ = try await there.call(Publish(job: job, rebases: [], replacing: []))
        }
        _ = try await there.call(Settle(job: job))
        // It is libvirt's from here on.
        try await StepUndo.close(job, on: there)
    }

    private func open(_ job: HexBytes, _ disks: [OpenReceive.Disk]) -> OpenReceive {
        OpenReceive(
            job: job, secret: JobSecret(.random(32)), senderSalt: .random(32), operation: id.description, disks: disks,
            streams: 1, digests: false, stallTimeout: 3600)
    }
}
