import AgentProtocol
import DomainXML
import Model

/// The VMs of one host, or why they can't be listed.
public struct HostListing: Sendable, Codable, Equatable {
    /// The host.
    public var host: String
    /// Its VMs by name; empty when it couldn't be asked.
    public var vms: [VMInfo]
    /// Why it couldn't be asked; nil when it was.
    public var error: KVMCloneError?

    /// Makes a listing from its parts.
    public init(host: String, vms: [VMInfo], error: KVMCloneError?) {
        self.host = host
        self.vms = vms
        self.error = error
    }
}

extension HostDriver {
    /// All VMs of the host in the given state (nil: any), by name.
    package func listing(status: VMState?) async -> HostListing {
        do throws(KVMCloneError) {
            let records = try await domains().filter { status == nil || $0.state == status }
            let described = describe(records)
            let layers = await inspect(described)
            let vms = zip(records, described).map { record, domain in
                VMInfo(record, domain, host: name, layers: layers)
            }
            return HostListing(host: name, vms: vms.sorted { $0.name < $1.name }, error: nil)
        } catch {
            return HostListing(host: name, vms: [], error: error)
        }
    }

    /// A definition that can't be read leaves the VM's row without disks; libvirt's record of it still holds.
    private func describe(_ records: [DomainRecord]) -> [DomainDescription?] {
        records.map { try? DomainDescription(parsing: $0.inactiveXML) }
    }

    /// Sizes of all images, by path. An agent that can't be had leaves the sizes unknown; the VMs are listed all
    /// the same.
    private func inspect(_ domains: [DomainDescription?]) async -> [String: InspectDisk.Layer] {
        let images = domains.compactMap { $0 }.flatMap(\.disks).filter(\.image.source.isLocal)
            .compactMap { $0.image.reference(in: []) }
        guard !images.isEmpty, let found = try? await call(InspectImages(images: images)) else { return [:] }
        var layers: [String: InspectDisk.Layer] = [:]
        for case let layer? in found { layers[layer.path] = layer }
        return layers
    }
}

extension VMInfo {
    init(
        _ record: DomainRecord, _ domain: DomainDescription?, host: String, layers: [String: InspectDisk.Layer]
    ) {
        let disks = domain?.disks.filter { $0.image.source != .empty } ?? []
        let times = disks.compactMap { $0.image.source.path }.compactMap { layers[$0]?.modified }
        self.init(
            name: record.name, uuid: record.uuid, state: record.state,
            memory: Int((domain?.memory ?? 0) >> 20), vcpus: domain?.vcpus.current ?? 0,
            disks: disks.map { disk in
                let path = disk.image.source.path ?? "\(disk.image.source)"
                return DiskInfo(
                    path: path, size: layers[path]?.virtualSize, allocated: layers[path]?.allocated,
                    format: disk.image.format ?? "raw", target: disk.target)
            },
            networks: domain?.interfaces.map { interface in
                NetworkInfo(
                    interface: interface.target ?? interface.type, macAddress: interface.mac.map { "\($0)" } ?? "",
                    network: interface.attachment.map(\.name) ?? "-", ipAddress: nil)
            } ?? [], host: host, created: nil, lastModified: times.max().map { Timestamp.string(milliseconds: $0) })
    }
}

extension NetworkAttachment {
    /// The network's, bridge's or device's name.
    var name: String {
        switch self {
        case .network(let name), .bridge(let name), .device(let name): name
        }
    }
}
