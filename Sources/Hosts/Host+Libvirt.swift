import Coordinator
import DomainXML
import Libvirt
import Model

extension Host {
    package func domains() async throws(KVMCloneError) -> [DomainRecord] {
        try await session().run { connection throws(LibvirtError) in
            let inventory = try DomainInventory(connection)
            var records: [DomainRecord] = []
            for domain in try connection.domains() {
                do throws(LibvirtError) {
                    records.append(try inventory.record(of: domain, xml: [.inactive]))
                } catch {
                    // It went away since it was listed.
                    guard error.code == .noDomain else { throw error }
                }
            }
            return records
        }
    }

    package func domain(named name: String) async throws(KVMCloneError) -> DomainRecord? {
        try await session().run { connection throws(LibvirtError) in
            do throws(LibvirtError) {
                let domain = try connection.domain(named: name)
                var record = try DomainInventory(connection).record(of: domain, xml: [.inactive, .secure])
                if try domain.isActive() {
                    record.activeXML = try domain.xml()
                    record.isBusy = try domain.isBusy()
                }
                return record
            } catch {
                guard error.code == .noDomain else { throw error }
                return nil
            }
        }
    }

    package func define(_ xml: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            _ = try connection.defineDomain(xml: xml)
        }
    }

    package func undefine(uuid: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            let domain = try connection.domain(uuid: uuid)
            do throws(LibvirtError) {
                try domain.undefine([.keepNVRAM, .checkpointsMetadata])
            } catch {
                // Drivers without NVRAM know no such flag.
                guard error.isUnsupported || error.code == .invalidArgument else { throw error }
                try domain.undefine()
            }
        }
    }

    package func starts(ofDomain uuid: String) async throws(KVMCloneError) -> AsyncStream<Void> {
        let events = try await session().events()
        return AsyncStream { continuation in
            let forwarding = Task {
                for await event in events where event.uuid == uuid && event.kind == .started {
                    continuation.yield()
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in forwarding.cancel() }
        }
    }

    package func domainCapabilities(of kind: MachineKind) async throws(KVMCloneError) -> String? {
        try await session().run { connection throws(LibvirtError) in
            try connection.domainCapabilitiesXML(
                architecture: kind.architecture, machine: kind.machine, virtualizationType: kind.type)
        }
    }

    package func hypervisor() async throws(KVMCloneError) -> HypervisorFacts {
        try await session().run { connection throws(LibvirtError) in
            let node = try connection.nodeInfo()
            var pools: [PoolRecord] = []
            for pool in try connection.storagePools() {
                do throws(LibvirtError) {
                    pools.append(try PoolRecord(pool))
                } catch {
                    // It went away since it was listed.
                    guard error.code == .noStoragePool else { throw error }
                }
            }
            var networks: [String: Bool] = [:]
            for network in try connection.networks() { networks[network.name] = try network.isActive() }
            let capabilities = try connection.capabilitiesXML()
            // Hosts without hardware virtualisation name no model.
            let model = (try? HostCapabilities(parsing: capabilities))?.cpu.model
            return HypervisorFacts(
                driver: try connection.driverType(), libvirtVersion: "\(try connection.daemonVersion())",
                hypervisorVersion: try connection.hypervisorVersion().map { "\($0)" } ?? "", architecture: node.model,
                cpuModel: model ?? "unnamed model", cpus: node.cpus, memory: node.memory,
                freeMemory: try connection.freeMemory(),
                pools: pools, networks: networks, capabilitiesXML: capabilities)
        }
    }
}

/// What one listing tells of all domains at once, so that a single domain's record takes few calls.
private struct DomainInventory {
    let persistent: Set<String>
    let saved: Set<String>
    let withSnapshots: Set<String>

    init(_ connection: LibvirtConnection) throws(LibvirtError) {
        persistent = Set(try connection.domains(.persistent).map(\.uuid))
        saved = Set(try connection.domains(.managedSave).map(\.uuid))
        withSnapshots = Set(try connection.domains(.hasSnapshot).map(\.uuid))
    }

    func record(of domain: Domain, xml options: DomainXMLOptions) throws(LibvirtError) -> DomainRecord {
        var record = DomainRecord(
            name: domain.name, uuid: domain.uuid, state: VMState(try domain.status()),
            isPersistent: persistent.contains(domain.uuid), inactiveXML: try domain.xml(options),
            hasManagedSave: saved.contains(domain.uuid))
        if withSnapshots.contains(domain.uuid) { record.snapshots = try domain.snapshotNames() }
        do throws(LibvirtError) {
            record.checkpoints = try domain.checkpointNames()
        } catch {
            guard error.isUnsupported else { throw error }
        }
        return record
    }
}

extension Domain {
    /// Whether a job holds the domain. Drivers that know no jobs have none.
    fileprivate func isBusy() throws(LibvirtError) -> Bool {
        do throws(LibvirtError) {
            switch try job().kind {
            case .bounded, .unbounded: return true
            case .none, .completed, .failed, .cancelled, .other: return false
            }
        } catch {
            // It may have ended meanwhile.
            guard error.isUnsupported || error.code == .operationInvalid else { throw error }
            return false
        }
    }
}

extension PoolRecord {
    fileprivate init(_ pool: StoragePool) throws(LibvirtError) {
        let isActive = try pool.isActive()
        let xml = try pool.xml()
        do throws(DomainXMLError) {
            let description = try PoolDescription(parsing: xml)
            self.init(
                name: pool.name, type: description.type, path: description.targetPath, isActive: isActive)
        } catch {
            // Only who wants this pool has to be told.
            self.init(name: pool.name, type: "", path: nil, isActive: isActive, problem: "\(error)")
        }
    }
}

extension VMState {
    init(_ status: DomainStatus) {
        switch status.state {
        case .running, .blocked, .shuttingDown, .noState, .other: self = .running
        case .paused: self = .paused
        case .pmSuspended: self = .suspended
        case .shutOff: self = .stopped
        case .crashed: self = .crashed
        }
    }
}
