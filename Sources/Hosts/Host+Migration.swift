import Coordinator
import Libvirt
import Model

extension Host {
    package func migratableXML(ofDomain uuid: String) async throws(KVMCloneError) -> String {
        try await session().run { connection throws(LibvirtError) in
            try connection.domain(uuid: uuid).xml([.secure, .migratable])
        }
    }

    package func migrate(
        domain uuid: String, to target: any HostDriver, _ migration: LiveMigration
    ) async throws(KVMCloneError) {
        guard let target = target as? Host else {
            throw KVMCloneError(.general, "libvirt can't move a VM to such a host", host: target.name)
        }
        try await session().migrate(domain: uuid, to: try await target.session(), MigrationParameters(migration))
    }

    package func migrationProgress(ofDomain uuid: String) async throws(KVMCloneError) -> LiveProgress? {
        try await session().run { connection throws(LibvirtError) in
            let numbers = try connection.domain(uuid: uuid).jobStatistics()
            return numbers["memory_total"] == nil && numbers["disk_total"] == nil ? nil : LiveProgress(numbers)
        }
    }

    package func dirtyRate(ofDomain uuid: String) async throws(KVMCloneError) -> UInt64? {
        let session = try await session()
        try await session.run { connection throws(LibvirtError) in
            try connection.domain(uuid: uuid).startDirtyRateMeasurement(seconds: 1)
        }
        for _ in 0..<10 {
            do { try await Task.sleep(for: .milliseconds(300)) } catch { return nil }
            let rate = try await session.run { connection throws(LibvirtError) in
                try connection.domain(uuid: uuid).dirtyRate()
            }
            if let rate { return rate }
        }
        return nil
    }

    package func steer(migrationOf uuid: String, _ steering: LiveSteering) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            let domain = try connection.domain(uuid: uuid)
            switch steering {
            case .abort: try domain.abortJob()
            case .downtime(let milliseconds): try domain.setMaximumDowntime(milliseconds: milliseconds)
            case .postCopy: try domain.startPostCopy()
            case .pause: try domain.suspend()
            }
        }
    }

    package func resume(domain uuid: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in try connection.domain(uuid: uuid).resume() }
    }
}

extension MigrationParameters {
    fileprivate init(_ migration: LiveMigration) {
        self.init()
        uri = migration.memoryURI
        disksURI = migration.disksURI
        destinationXML = migration.xml
        persistentXML = migration.definition
        disks = migration.disks
        bandwidth = migration.bandwidth
        options = [.live, .persists, .undefinesSource, .endsOnDiskError]
        if !disks.isEmpty { options.insert(migration.movesTopsOnly ? .copiesTops : .copiesDisks) }
        if migration.autoConverges { options.insert(.autoConverges) }
        if migration.postCopy { options.insert(.postCopy) }
        if let count = migration.connections, count > 1 {
            options.insert(.parallel)
            connections = count
        }
    }
}

extension LiveProgress {
    /// From libvirt's numbers: dirtied memory is told in pages.
    fileprivate init(_ numbers: [String: UInt64]) {
        self.init()
        memoryTotal = numbers["memory_total"] ?? 0
        memoryRemaining = numbers["memory_remaining"] ?? 0
        memoryRate = numbers["memory_bps"] ?? 0
        let pages = (numbers["memory_dirty_rate"] ?? 0).multipliedReportingOverflow(
            by: numbers["memory_page_size"] ?? 4096)
        dirtyRate = pages.overflow ? .max : pages.partialValue
        iteration = numbers["memory_iteration"] ?? 0
        diskTotal = numbers["disk_total"] ?? 0
        diskRemaining = numbers["disk_remaining"] ?? 0
        diskRate = numbers["disk_bps"] ?? 0
        downtime = numbers["downtime"]
    }
}
