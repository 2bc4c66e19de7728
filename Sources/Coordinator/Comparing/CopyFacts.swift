import AgentProtocol
import Model

/// What is compared with a VM: another VM that is shut off, or a replica.
enum CopyFacts: Sendable {
    case vm(SourceFacts)
    case replica(Replica, host: String)

    /// Asks the host. A VM of that name comes before a replica.
    static func gather(
        _ name: String, from driver: any HostDriver, _ options: CloneOptions
    ) async throws(KVMCloneError) -> CopyFacts {
        do throws(KVMCloneError) {
            return .vm(try await SourceFacts.gather(vm: name, from: driver, options: options))
        } catch  where error.code == .vmNotFound {
            guard let replica = try await driver.replica(named: name) else { throw error }
            return .replica(replica, host: driver.name)
        }
    }

    var uuid: String {
        switch self {
        case .vm(let facts): facts.record.uuid
        case .replica(let replica, _): replica.record.uuid
        }
    }

    var replica: Replica? {
        if case .replica(let replica, _) = self { replica } else { nil }
    }

    /// Its files in the order of the VM's, which are `files`.
    func files(like files: [ClonePlan.File], _ options: CloneOptions) throws(KVMCloneError) -> [ClonePlan.File] {
        let (own, host) = try ownFiles(like: files, options)
        guard Set(own.map(\.disk)) == Set(files.map(\.disk)), own.count == files.count else {
            throw KVMCloneError(
                .validation,
                "it has the disks \(own.map(\.disk).joined(separator: ", ")), the VM has "
                    + files.map(\.disk).joined(separator: ", "), host: host,
                whatToDo: "name the copy with --target-name", exitCode: .preflight)
        }
        return files.compactMap { file in own.first { $0.disk == file.disk } }
    }

    private func ownFiles(
        like files: [ClonePlan.File], _ options: CloneOptions
    ) throws(KVMCloneError) -> (files: [ClonePlan.File], host: String) {
        switch self {
        case .replica(let replica, let host):
            let disks = replica.record.disks.filter { $0.target != "nvram" }
            return (disks.enumerated().map { replica.file(of: $1, index: UInt16($0)) }, host)
        case .vm(let copy):
            guard copy.record.state == .stopped else {
                throw KVMCloneError(
                    .validation, "'\(copy.record.name)' is \(copy.record.state.rawValue): its disks change",
                    host: copy.host, whatToDo: "shut it down: virsh shutdown \(copy.record.name)",
                    exitCode: .preflight)
            }
            let checks = SourceChecks(source: copy, options: options)
            if let error = (copy.findings + checks.diskFindings).error(on: copy.host) { throw error }
            return (FilePlanner(facts: copy, options: options).files().filter { $0.disk != "nvram" }, copy.host)
        }
    }
}
