import AgentProtocol
import Model

extension ReplicaInfo {
    /// A replica that was found, with what its files take. `layers`: what is known of images, by their paths.
    init(_ found: ListReplicas.Found, host: String, layers: [String: InspectDisk.Layer]) {
        guard let record = found.record else {
            self.init(
                name: found.name, uuid: "", host: host, origin: "", generation: 0, taken: "", verified: nil,
                differs: false, disks: [], problem: found.problem)
            return
        }
        self.init(
            name: record.name, uuid: record.uuid, host: host, origin: record.origin, generation: record.generation,
            taken: record.taken, verified: record.verified, differs: record.differs,
            disks: record.disks.map { disk in
                let path = "\(found.folder)/\(disk.file)"
                return DiskInfo(
                    path: path, size: disk.size, allocated: layers[path]?.allocated, format: disk.format,
                    target: disk.target)
            })
    }

    /// All replicas of a host, by name.
    static func all(on driver: some HostDriver) async throws(KVMCloneError) -> [ReplicaInfo] {
        let found = try await driver.replicas().filter { $0.record?.definition == nil }
        let images = found.flatMap { found in
            found.record?.disks.map {
                ImageReference(path: "\(found.folder)/\($0.file)", format: $0.format)
            } ?? []
        }
        var layers: [String: InspectDisk.Layer] = [:]
        if !images.isEmpty {
            for case let layer? in try await driver.call(InspectImages(images: images)) { layers[layer.path] = layer }
        }
        return found.map { ReplicaInfo($0, host: driver.name, layers: layers) }.sorted { $0.name < $1.name }
    }
}
