import AgentProtocol
import DomainXML
import Model

/// Overlays on the disks of a VM, for as long as what is below is copied or has to stay as it is; and how they are taken off
/// again without losing what was written to them.
package struct Overlays: Sendable, Codable, Equatable {
    /// A disk with its overlay.
    package struct Disk: Sendable, Codable, Equatable {
        /// The guest's name of it.
        package var target: String
        /// The image's file.
        package var file: String
        /// `raw` or `qcow2`.
        package var format: String
        /// Bytes that the guest reads.
        package var size: UInt64
        /// The overlay's file, in the same folder.
        package var overlay: String
    }

    package var host: String
    package var operation: String
    package var name: String
    package var uuid: String
    /// The folder that all of them lie in.
    package var folder: String
    /// The VM's definition without them.
    package var definition: String
    package var disks: [Disk]

    func path(_ file: String) -> String { folder + "/" + file }

    /// Brings what was written to them into the disks, and removes them. The VM runs on, or stays shut off. May be done again
    /// wherever it breaks off; nothing is done to a VM that isn't there, for its disks may have gone with it.
    func takeOff(on driver: any HostDriver) async throws(KVMCloneError) {
        guard let domain = try await driver.domains().first(where: { $0.uuid == uuid }) else { return }
        let left = try await driver.call(ListReplicas(folders: [folder])).first { $0.name == name }?.record
        let begun = left?.operation == operation && left?.definition == definition ? left : nil
        var isMerged = true
        if domain.state == .stopped {
            isMerged = try await merge(domain, begun: begun != nil, on: driver)
        } else {
            for disk in disks {
                try await driver.commit(disk: disk.target, ofDomain: uuid, into: path(disk.file))
            }
            if let begun {
                // It was started in between.
                _ = try await driver.call(
                    SwitchReplica(folder: folder, replica: name, from: begun.generation, to: nil))
            }
        }
        _ = try await driver.call(RemoveOverlays(folder: folder, files: disks.map(\.overlay), onlyEmpty: !isMerged))
    }

    /// The same for a VM that is shut off: as a sync ends that has changed its disks. False when it isn't defined with them, so
    /// that nothing was merged.
    private func merge(
        _ domain: DomainRecord, begun: Bool, on driver: any HostDriver
    ) async throws(KVMCloneError) -> Bool {
        let tops = Set(try domain.definition(on: driver.name).disks.compactMap(\.image.source.path))
        let present = disks.filter { tops.contains(path($0.overlay)) }
        guard begun || !present.isEmpty else { return false }
        // Their bitmaps know nothing of what was written to the overlays.
        for checkpoint in try await driver.domain(named: name)?.checkpoints ?? [] {
            try await driver.deleteCheckpoint(ofDomain: uuid, checkpoint)
        }
        if !begun {
            let record = ReplicaRecord(
                name: name, uuid: uuid, origin: host, xml: definition,
                disks: disks.map { disk in
                    ReplicaRecord.Disk(
                        target: disk.target, file: disk.file, format: disk.format, size: disk.size,
                        overlay: present.contains(disk) ? disk.overlay : nil)
                }, generation: 1, taken: Timestamp.now, operation: operation, definition: definition)
            _ = try await driver.call(SwitchReplica(folder: folder, replica: name, from: nil, to: record))
        }
        try await StepUndo.merge(name, in: folder, definition: definition, on: driver)
        return true
    }

    /// Whether the VM has them, on all of its disks.
    func arePresent(on driver: any HostDriver) async throws(KVMCloneError) -> Bool {
        guard let domain = try await driver.domains().first(where: { $0.uuid == uuid }) else { return false }
        let tops = Set(try domain.definition(on: driver.name).disks.compactMap(\.image.source.path))
        return disks.allSatisfy { tops.contains(path($0.overlay)) }
    }

    /// Throws when a VM doesn't have them, so that it writes to the disks themselves.
    static func check(_ record: DomainRecord?, _ plan: ClonePlan, on host: String) throws(KVMCloneError) {
        guard let record, record.uuid == plan.vmUUID else {
            throw KVMCloneError(.vmNotFound, "VM '\(plan.vm)' was removed while it was copied", host: host)
        }
        var tops = Set(try record.definition(on: host).disks.compactMap(\.image.source.path))
        if let active = record.activeXML {
            do throws(DomainXMLError) {
                tops.formUnion(try DomainDescription(parsing: active).disks.compactMap(\.image.source.path))
            } catch {
                throw KVMCloneError(.libvirt, "the running domain's XML can't be used", host: host, cause: "\(error)")
            }
        }
        guard let file = plan.files.first(where: { tops.contains($0.sourcePath) }) else { return }
        throw KVMCloneError(
            .clone, "VM '\(plan.vm)' uses \(file.sourcePath) without an overlay again", host: host,
            whatToDo: "find out who has changed that, and run it again", exitCode: .tryAgain)
    }
}
