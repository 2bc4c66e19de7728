import AgentProtocol
import DomainXML
import Model

/// What is known of the source before a plan is made.
struct SourceFacts: Sendable {
    var host: String
    var record: DomainRecord
    var domain: DomainDescription
    /// Layers from the top to the base, by the guest's name of the disk.
    var layers: [String: [InspectDisk.Layer]]
    /// The NVRAM file's layer, if the VM has one of its own.
    var nvram: InspectDisk.Layer?
    /// What runs now; nil when nothing does.
    var live: DomainDescription?
    /// Whether the host has virsh; known only where something runs.
    var hasVirsh = false
    /// Folders of the host's pools, the default pool's first.
    var poolFolders: [String] = []
    /// What stood in the way of an inspection.
    var findings: [PreflightFinding]

    /// Asks the host. Throws when the VM isn't there or its definition can't be read.
    ///
    /// `definition`: what it was before it got overlays; as if it were shut off and had that still.
    static func gather(
        vm: String, from driver: any HostDriver, options: CloneOptions, definition: String? = nil
    ) async throws(KVMCloneError) -> SourceFacts {
        guard var record = try await driver.domain(named: vm) else {
            throw KVMCloneError(
                .vmNotFound, "VM '\(Validation.printable(vm))' not found", host: driver.name,
                whatToDo: "see what there is: kvm-clone list \(driver.name)")
        }
        if let definition { (record.inactiveXML, record.activeXML, record.state) = (definition, nil, .stopped) }
        let domain = try record.definition(on: driver.name)
        var facts = SourceFacts(host: driver.name, record: record, domain: domain, layers: [:], findings: [])
        let profile = try await driver.profile()
        let roots = profile.pools.values.sorted()
        facts.poolFolders = [profile.pools[profile.defaultPool]].compactMap { $0 } + roots
        if record.state != .stopped { try await facts.lookAtRunning(driver) }
        let pools = try await driver.hypervisor().pools
        for disk in domain.disks where disk.isWanted(options) {
            await facts.inspect(disk, driver: driver, roots: roots, pools: pools)
        }
        if let path = domain.os.nvram?.path, domain.os.isUEFI {
            await facts.inspectNVRAM(path, driver: driver, roots: roots)
        }
        return facts
    }

    /// What kind of machine it is.
    var kind: MachineKind {
        MachineKind(type: domain.type, architecture: domain.os.architecture, machine: domain.os.machine)
    }

    private mutating func inspect(
        _ disk: DomainDisk, driver: any HostDriver, roots: [String], pools: [PoolRecord]
    ) async {
        guard disk.image.source.isLocal, let image = disk.image.reference(in: pools) else { return }
        let chain = disk.backingChain.compactMap { $0.reference(in: pools) }
        do throws(KVMCloneError) {
            let roots = roots + [image.folder] + chain.map(\.folder)
            let found = try await driver.call(InspectDisk(image: image, declaredChain: chain, roots: roots))
            guard !found.isEmpty, found.allSatisfy(\.isPlausible) else {
                throw KVMCloneError(
                    .connection, "the agent's answer about \(Validation.printable(image.path)) makes no sense",
                    host: driver.name)
            }
            layers[disk.target] = found
        } catch {
            findings.append(PreflightFinding(error))
        }
    }

    private mutating func inspectNVRAM(_ path: String, driver: any HostDriver, roots: [String]) async {
        do throws(KVMCloneError) {
            // libvirt makes the file at the first start; before that there is nothing to copy.
            guard try await driver.call(FilesExist(paths: [path])).first == true else { return }
            let format = domain.os.nvram?.format ?? "raw"
            let found = try await driver.call(
                InspectDisk(
                    image: ImageReference(path: path, format: format), declaredChain: [],
                    roots: roots + [ImageReference(path: path, format: format).folder]))
            guard let layer = found.first, layer.isPlausible else {
                throw KVMCloneError(
                    .connection, "the agent's answer about \(Validation.printable(path)) makes no sense",
                    host: driver.name)
            }
            nvram = layer
        } catch {
            findings.append(PreflightFinding(error))
        }
    }
}

extension DomainRecord {
    /// What its definition says. Throws when that can't be read.
    func definition(on host: String) throws(KVMCloneError) -> DomainDescription {
        do throws(DomainXMLError) {
            return try DomainDescription(parsing: inactiveXML)
        } catch {
            throw KVMCloneError(
                .libvirt, "the domain XML of '\(Validation.printable(name))' can't be used", host: host,
                cause: "\(error)")
        }
    }
}

extension DomainDisk {
    /// True when the disk's bytes are to be copied.
    func isWanted(_ options: CloneOptions) -> Bool {
        guard image.source != .empty else { return false }
        switch device {
        case .disk, .lun: return true
        case .cdrom, .floppy: return options.copyMedia
        }
    }
}

extension DomainDisk {
    /// True when the guest may write to it; media are only read.
    var isWritten: Bool { device == .disk || device == .lun }
}

extension DiskImage {
    /// The image's path, found through its pool where the domain names a volume. Its format is `raw` where the
    /// domain names none, as libvirt takes it.
    func reference(in pools: [PoolRecord]) -> ImageReference? {
        let format = format ?? "raw"
        switch source {
        case .file(let path), .block(let path):
            return ImageReference(path: path, format: format)
        case .volume(let pool, let name):
            guard let folder = pools.first(where: { $0.name == pool })?.path else { return nil }
            return ImageReference(path: folder + "/" + name, format: format)
        case .network, .nvme, .directory, .vhost, .empty, .other:
            return nil
        }
    }
}

extension InspectDisk.Layer {
    /// True for sizes that a disk can have: sums of them don't overflow.
    var isPlausible: Bool {
        let most = UInt64(1) << 56
        return virtualSize <= most && fileSize <= most && allocated <= most
    }
}

extension ImageReference {
    /// The folder that the image lies in.
    var folder: String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        return "/" + parts.dropLast().joined(separator: "/")
    }
}
