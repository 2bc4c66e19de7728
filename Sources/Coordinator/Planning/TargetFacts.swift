import AgentProtocol
import DomainXML
import Model

/// What is known of a target before a plan is made.
struct TargetFacts: Sendable {
    var host: String
    var profile: HostProfile
    var hypervisor: HypervisorFacts
    /// What the host can give to such a VM; nil where its driver doesn't tell, an error where it refuses the kind.
    var capabilities: Result<String?, KVMCloneError>
    /// The domain that has the copy's name already.
    var existing: DomainRecord?
    /// The pool that the copy goes to.
    var pool: String
    /// The folder behind it; nil when nothing says which.
    var folder: String?
    var space: MeasureFolders.Folder?
    /// Which of the files that matter are there.
    var presentFiles: Set<String>
    /// The replica of that name, where one was asked for.
    var replica: Replica?
    /// Why it can't be used.
    var replicaError: KVMCloneError?

    /// What is asked of a host besides what every copy needs.
    struct Question: Sendable {
        /// A sync looks for the replica that it goes on with, or for a VM that is shut off; this is where it comes from.
        var syncsFrom: String?
        /// The files that would be made there.
        var fileNames: @Sendable (Replica?) -> [String]
        /// Files that have to exist there.
        var paths: [String]
    }

    /// Asks the host.
    static func gather(
        from driver: any HostDriver, newName: String, kind: MachineKind, pool: String?, _ question: Question
    ) async throws(KVMCloneError) -> TargetFacts {
        let profile = try await driver.profile()
        let hypervisor = try await driver.hypervisor()
        let pool = pool ?? profile.defaultPool
        var folder = profile.pools[pool] ?? hypervisor.pools.first { $0.name == pool && $0.holdsFiles }?.path
        let capabilities: Result<String?, KVMCloneError>
        do throws(KVMCloneError) {
            capabilities = .success(try await driver.domainCapabilities(of: kind))
        } catch {
            guard error.code == .libvirt else { throw error }
            capabilities = .failure(error)
        }
        var facts = TargetFacts(
            host: driver.name, profile: profile, hypervisor: hypervisor, capabilities: capabilities,
            existing: try await driver.domain(named: newName), pool: pool, folder: folder, presentFiles: [])
        if let origin = question.syncsFrom {
            do throws(KVMCloneError) {
                facts.replica = try await driver.replica(named: newName)
                if facts.replica == nil, facts.existing != nil {
                    facts.replica = try Replica(
                        vm: try await SourceFacts.gather(vm: newName, from: driver, options: CloneOptions()),
                        origin: origin)
                }
            } catch {
                guard error.code == .sync else { throw error }
                facts.replicaError = error
            }
            // It stays where it is.
            if let replica = facts.replica {
                folder = replica.folder
                facts.folder = folder
                facts.pool =
                    profile.pools.first { $0.value == folder }?.key
                    ?? hypervisor.pools.first { $0.path == folder }?.name ?? pool
            }
        }
        var wanted = question.paths
        if let folder {
            facts.space = try await driver.call(MeasureFolders(paths: [folder])).first
            wanted += question.fileNames(facts.replica).map { folder + "/" + $0 }
        }
        let present = try await driver.call(FilesExist(paths: wanted))
        facts.presentFiles = Set(zip(wanted, present).filter(\.1).map(\.0))
        return facts
    }
}

extension PoolRecord {
    /// True for pools that are a folder of image files.
    var holdsFiles: Bool { ["dir", "fs", "netfs"].contains(type) }
}
