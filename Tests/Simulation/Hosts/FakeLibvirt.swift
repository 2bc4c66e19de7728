import Coordinator
import DomainXML
import Foundation
import Model

/// What libvirt would know of a host: domains, pools and networks, in memory.
package struct FakeLibvirt: Sendable {
    package var domains: [DomainRecord] = []
    package var facts: HypervisorFacts
    /// Guests whose file systems are frozen, by their uuids.
    package var frozen: Set<String> = []
    /// Guests that have an agent, by their names.
    package var agents: Set<String> = []
    /// Guests that don't hear when they are asked to shut down, by their uuids.
    package var deaf: Set<String> = []
    /// Domains that start with their host, by their uuids.
    package var autostarted: Set<String> = []
    /// What is said of a guest's CPU, by a word that it contains; nothing is said of others.
    package var fits: [String: CPUFit] = [:]
    package var capabilities: Result<String?, KVMCloneError> = .success(nil)

    init(pool: String) {
        facts = HypervisorFacts(
            driver: "Fake", libvirtVersion: "9.0.0", hypervisorVersion: "1", architecture: "x86_64",
            cpuModel: "x86_64", cpus: 4, memory: 8 << 30, freeMemory: nil,
            pools: [PoolRecord(name: "default", type: "dir", path: pool, isActive: true)],
            networks: ["default": true], capabilitiesXML: nil)
    }

    /// A domain as one that is asked for by name, with what runs.
    func record(named name: String) -> DomainRecord? {
        guard var record = domains.first(where: { $0.name == name }) else { return nil }
        guard record.state != .stopped else { return record }
        let agent =
            "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>"
        record.activeXML =
            agents.contains(name)
            ? record.inactiveXML.replacingOccurrences(of: "</devices>", with: agent + "</devices>") : record.inactiveXML
        return record
    }

    func fit(_ cpu: String) -> CPUFit? { fits.first { cpu.contains($0.key) }?.value }

    /// Paths and formats of a domain's disks, by their targets.
    package func images(of uuid: String) -> [String: (path: String, format: String)] {
        guard let record = domains.first(where: { $0.uuid == uuid }),
            let domain = try? DomainDescription(parsing: record.inactiveXML)
        else { return [:] }
        var images: [String: (path: String, format: String)] = [:]
        for disk in domain.disks {
            if case .file(let path) = disk.image.source { images[disk.target] = (path, disk.image.format ?? "raw") }
        }
        return images
    }

    /// A name belongs to one uuid, and a uuid to one name.
    mutating func define(_ xml: String) throws(KVMCloneError) {
        let domain: DomainDescription
        do throws(DomainXMLError) {
            domain = try DomainDescription(parsing: xml)
        } catch {
            throw KVMCloneError(.libvirt, "libvirt failed in define", cause: "\(error)")
        }
        let uuid = (domain.uuid ?? UUID()).uuidString.lowercased()
        let namesake = domains.firstIndex { $0.name == domain.name }
        let same = domains.firstIndex { $0.uuid == uuid }
        guard namesake == same else {
            throw KVMCloneError(.vmExists, "domain '\(domain.name)' or its uuid exists already")
        }
        if let same {
            domains[same].inactiveXML = xml
            domains[same].isPersistent = true
        } else {
            domains.append(
                DomainRecord(name: domain.name, uuid: uuid, state: .stopped, isPersistent: true, inactiveXML: xml))
        }
    }

    func attachments(of uuid: String) throws(KVMCloneError) -> DomainAttachments {
        guard let record = domains.first(where: { $0.uuid == uuid }) else { throw Self.unknown }
        return DomainAttachments(
            startsWithHost: autostarted.contains(uuid), checkpoints: record.checkpoints.map { "<name>\($0)</name>" })
    }

    mutating func attach(_ attachments: DomainAttachments, to uuid: String) throws(KVMCloneError) {
        guard let place = domains.firstIndex(where: { $0.uuid == uuid }) else { throw Self.unknown }
        if attachments.startsWithHost { autostarted.insert(uuid) } else { autostarted.remove(uuid) }
        domains[place].checkpoints = attachments.checkpoints.map { String($0.dropFirst(6).dropLast(7)) }
    }

    mutating func change(_ uuid: String, from old: VMState, to new: VMState) throws(KVMCloneError) {
        guard let place = domains.firstIndex(where: { $0.uuid == uuid }) else { throw Self.unknown }
        guard domains[place].state == old || new == .stopped && domains[place].state != .stopped else {
            throw KVMCloneError(.libvirt, "the domain is \(domains[place].state.rawValue)")
        }
        domains[place].state = new
    }

    private static let unknown = KVMCloneError(.vmNotFound, "no domain with that uuid")

    mutating func undefine(_ uuid: String) throws(KVMCloneError) {
        guard let place = domains.firstIndex(where: { $0.uuid == uuid }) else {
            throw Self.unknown
        }
        autostarted.remove(uuid)
        if domains[place].state == .stopped {
            domains.remove(at: place)
        } else {
            domains[place].isPersistent = false
        }
    }
}
