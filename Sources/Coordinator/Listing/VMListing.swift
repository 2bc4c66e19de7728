import AgentProtocol
import DomainXML
import Model

extension HostDriver {
    /// All VMs of the host in the given state, by name; nil: in any state, and its replicas.
    package func listing(status: VMState?) async -> HostListing {
        do throws(KVMCloneError) {
            let records = try await domains().filter { status == nil || $0.state == status }
            // libvirt's record of a VM holds, even where its definition can't be read.
            let definitions = records.map { record in
                Result { () throws(KVMCloneError) in try record.definition(on: name) }
            }
            let images = await Images(of: definitions.compactMap { try? $0.get() }, on: self)
            let vms = zip(records, definitions).map { VMInfo($0, $1, host: name, images) }
            var listing = HostListing(
                host: name, vms: vms.sorted { $0.name < $1.name }, error: nil,
                gaps: definitions.compactMap(\.failure) + images.gaps)
            if status == nil { await listing.addReplicas(of: self) }
            return listing
        } catch {
            return HostListing(host: name, vms: [], error: error)
        }
    }
}

extension HostListing {
    /// An agent that can't be had leaves them unknown; the VMs are listed all the same.
    fileprivate mutating func addReplicas(of driver: some HostDriver) async {
        do throws(KVMCloneError) {
            replicas = try await ReplicaInfo.all(on: driver)
        } catch {
            var gap = error.on(driver.name)
            gap.message = "no replicas: \(error.message)"
            gaps.append(gap)
        }
    }
}

/// What is known of the images of a host's VMs.
private struct Images {
    private var pools: [PoolRecord] = []
    private var layers: [String: InspectDisk.Layer] = [:]
    /// What couldn't be asked.
    private(set) var gaps: [KVMCloneError] = []

    /// Asks for all images at once. An agent that can't be had leaves the sizes unknown; the VMs are listed all the
    /// same.
    init(of domains: [DomainDescription], on driver: some HostDriver) async {
        let disks = domains.flatMap(\.disks).filter(\.image.source.isLocal)
        do throws(KVMCloneError) {
            if disks.contains(where: { $0.image.source.path == nil }) { pools = try await driver.hypervisor().pools }
            let images = disks.compactMap { $0.image.reference(in: pools) }
            guard !images.isEmpty else { return }
            for case let layer? in try await driver.call(InspectImages(images: images)) { layers[layer.path] = layer }
        } catch {
            var gap = error.on(driver.name)
            gap.message = "no sizes of disks: \(error.message)"
            gaps.append(gap)
        }
    }

    func path(of image: DiskImage) -> String {
        image.reference(in: pools)?.path ?? image.source.path ?? "\(image.source)"
    }

    func layer(of image: DiskImage) -> InspectDisk.Layer? { layers[path(of: image)] }

    /// Why the sizes of some of `disks` aren't known.
    func problems(with disks: [DomainDisk]) -> [String] {
        let unknown = disks.filter { $0.image.source.isLocal && layer(of: $0.image) == nil }
        guard !unknown.isEmpty else { return [] }
        guard gaps.isEmpty else { return gaps.map(\.withoutHost) }
        return unknown.map { disk in
            guard let image = disk.image.reference(in: pools) else {
                return "\(disk.target): there is no pool with a folder for \(disk.image.source)"
            }
            return "\(disk.target): no \(image.format) image that can be read at \(image.path)"
        }
    }
}

extension VMInfo {
    fileprivate init(
        _ record: DomainRecord, _ definition: Result<DomainDescription, KVMCloneError>, host: String,
        _ images: Images
    ) {
        let domain = try? definition.get()
        let disks = domain?.disks.filter { $0.image.source != .empty } ?? []
        let layers = disks.map { images.layer(of: $0.image) }
        self.init(
            name: record.name, uuid: record.uuid, state: record.state,
            memory: Int((domain?.memory ?? 0) >> 20), vcpus: domain?.vcpus.current ?? 0,
            disks: zip(disks, layers).map { disk, layer in
                DiskInfo(
                    path: images.path(of: disk.image), size: layer?.virtualSize, allocated: layer?.allocated,
                    format: disk.image.format ?? "raw", target: disk.target)
            },
            networks: domain?.interfaces.map { interface in
                NetworkInfo(
                    interface: interface.target ?? interface.type, macAddress: interface.mac.map { "\($0)" } ?? "",
                    network: interface.attachment.map(\.name) ?? "-", ipAddress: nil)
            } ?? [], host: host, created: nil,
            lastModified: layers.compactMap { $0?.modified }.max().map { Timestamp.string(milliseconds: $0) },
            problems: (definition.failure.map { [$0.withoutHost] } ?? []) + images.problems(with: disks))
    }
}

extension KVMCloneError {
    /// Its text for a row that names the host anyway.
    fileprivate var withoutHost: String {
        var error = self
        error.host = nil
        return "\(error)"
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}

extension NetworkAttachment {
    /// The network's, bridge's or device's name.
    fileprivate var name: String {
        switch self {
        case .network(let name), .bridge(let name), .device(let name): name
        }
    }
}
