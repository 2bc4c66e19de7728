import Coordinator
import Model

extension FakeHost {
    package func resume(domain uuid: String) async throws(KVMCloneError) {
        try await named("resume") { () throws(KVMCloneError) in try change(uuid, from: .paused, to: .running) }
    }

    package func migratableXML(ofDomain uuid: String) async throws(KVMCloneError) -> String {
        try await named("migratable") { () throws(KVMCloneError) in try domain(uuid: uuid).inactiveXML }
    }

    /// Moves the domain's state, as libvirt does: it is paused here, runs there, and is undefined here. Disks are copied whole.
    /// Faults strike on this host as `migrate`, on the other one as `migrate.finish`, where it runs on neither.
    package func migrate(
        domain uuid: String, to target: any HostDriver, _ migration: LiveMigration
    ) async throws(KVMCloneError) {
        guard let target = target as? FakeHost else { throw KVMCloneError(.general, "no fake host") }
        try await named("migrate") { () throws(KVMCloneError) in
            try change(uuid, from: .running, to: .paused)
            let images = imagesOfDomain(uuid)
            try await target.named("migrate.finish") { () throws(KVMCloneError) in
                var failure: KVMCloneError?
                target.changeLibvirt { libvirt in
                    do throws(KVMCloneError) {
                        try libvirt.define(migration.definition)
                        try libvirt.change(uuid, from: .stopped, to: .running)
                    } catch {
                        failure = error
                    }
                }
                if let failure { throw failure }
                let there = target.imagesOfDomain(uuid)
                for disk in migration.disks {
                    guard let from = images[disk], let to = there[disk] else { continue }
                    do {
                        if migration.movesTopsOnly {
                            try FakeOverlays.move(from.path, onto: to.path)
                        } else {
                            try Tool.run(
                                "qemu-img", ["convert", "-n", "-f", from.format, "-O", to.format, from.path, to.path])
                        }
                    } catch {
                        throw KVMCloneError(.libvirt, "\(error)")
                    }
                }
            }
            try change(uuid, from: .paused, to: .stopped)
            try undefined(uuid)
        }
    }

    package func migrationProgress(ofDomain uuid: String) async throws(KVMCloneError) -> LiveProgress? {
        try await named("progress") { () throws(KVMCloneError) in nil }
    }

    package func dirtyRate(ofDomain uuid: String) async throws(KVMCloneError) -> UInt64? {
        try await named("dirtyrate") { () throws(KVMCloneError) in nil }
    }

    package func steer(migrationOf uuid: String, _ steering: LiveSteering) async throws(KVMCloneError) {
        try await named("steer") { () throws(KVMCloneError) in }
    }

    package func addOverlays(toDomain uuid: String, xml: String) async throws(KVMCloneError) {
        try await named("overlays.add") { () throws(KVMCloneError) in
            let images = imagesOfDomain(uuid)
            for (disk, path) in try FakeOverlays.wanted(xml) {
                guard let base = images[disk] else { throw KVMCloneError(.libvirt, "no disk \(disk)") }
                try FakeOverlays.make(path, over: base)
                try redefine(uuid, disk, path, "qcow2", over: base)
            }
        }
    }

    package func commit(disk: String, ofDomain uuid: String, into base: String) async throws(KVMCloneError) {
        try await named("commit") { () throws(KVMCloneError) in
            guard let top = imagesOfDomain(uuid)[disk], top.path != base else { return }
            let format = try FakeOverlays.commit(top.path)
            try redefine(uuid, disk, base, format, over: nil)
        }
    }

    /// Gives a domain, whatever its state, another image for a disk.
    private func redefine(
        _ uuid: String, _ disk: String, _ path: String, _ format: String, over base: (path: String, format: String)?
    ) throws(KVMCloneError) {
        let record = try domain(uuid: uuid)
        let xml = try FakeOverlays.xml(record.inactiveXML, disk, path, format, over: base)
        changeLibvirt { libvirt in
            guard let place = libvirt.domains.firstIndex(where: { $0.uuid == uuid }) else { return }
            libvirt.domains[place].inactiveXML = xml
        }
    }

    private func change(_ uuid: String, from old: VMState, to new: VMState) throws(KVMCloneError) {
        try attempt { libvirt throws(KVMCloneError) in try libvirt.change(uuid, from: old, to: new) }
    }

    private func undefined(_ uuid: String) throws(KVMCloneError) {
        try attempt { libvirt throws(KVMCloneError) in try libvirt.undefine(uuid) }
    }

    private func attempt(_ change: (inout FakeLibvirt) throws(KVMCloneError) -> Void) throws(KVMCloneError) {
        var failure: KVMCloneError?
        changeLibvirt { libvirt in
            do throws(KVMCloneError) { try change(&libvirt) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func domain(uuid: String) throws(KVMCloneError) -> DomainRecord {
        var record: DomainRecord?
        changeLibvirt { libvirt in record = libvirt.domains.first { $0.uuid == uuid } }
        guard let record else { throw KVMCloneError(.vmNotFound, "no domain with that uuid") }
        return record
    }

    private func imagesOfDomain(_ uuid: String) -> [String: (path: String, format: String)] {
        var images: [String: (path: String, format: String)] = [:]
        changeLibvirt { images = $0.images(of: uuid) }
        return images
    }
}
