import FoundationEssentials

/// Names one network interface of a domain.
public enum InterfaceSelector: Sendable, Hashable, Codable {
    /// By position among the interfaces, from 0.
    case index(Int)
    /// By its present MAC; all interfaces that share it are meant.
    case mac(MACAddress)
    /// By the device on the host that the XML fixes.
    case target(String)
}

extension InterfaceSelector: CustomStringConvertible {
    /// `number 0`, `with MAC 52:54:00:…`, `with target tap0`.
    public var description: String {
        switch self {
        case .index(let index): "number \(index)"
        case .mac(let mac): "with MAC \(mac)"
        case .target(let name): "with target \(name)"
        }
    }
}

/// Where a disk's image lies in the rewritten domain.
public enum ImageLocation: Sendable, Hashable, Codable {
    /// A file on the host.
    case file(String)
    /// A block device on the host.
    case block(String)

    /// The path on the host.
    public var path: String {
        switch self {
        case .file(let path), .block(let path): path
        }
    }

    /// The disk type, and the attribute of `<source>`, that libvirt has for it.
    var type: String {
        switch self {
        case .file: "file"
        case .block: "block"
        }
    }

    var attribute: String {
        switch self {
        case .file: "file"
        case .block: "dev"
        }
    }
}

/// One disk in its new place.
public struct DiskRewrite: Sendable, Equatable, Codable {
    /// What becomes of `<backingStore>`.
    public enum Backing: Sendable, Equatable, Codable {
        /// Left as it is.
        case keep
        /// Removed. libvirt reads the chain, if any, from the image's header.
        case drop
        /// Exactly these images, nearest first, and then the end.
        case chain([Base])
    }

    /// An image under the top one.
    public struct Base: Sendable, Equatable, Codable {
        /// Where it lies.
        public var location: ImageLocation
        /// `raw`, `qcow2`, …
        public var format: String

        /// A place and its format.
        public init(_ location: ImageLocation, format: String) {
            self.location = location
            self.format = format
        }
    }

    /// Where the top image lies.
    public var location: ImageLocation
    /// The new format of the top image; nil keeps what the XML says.
    public var format: String?
    /// What becomes of `<backingStore>`.
    public var backing: Backing

    /// A disk's new place. The backing chain is dropped unless asked otherwise.
    public init(_ location: ImageLocation, format: String? = nil, backing: Backing = .drop) {
        self.location = location
        self.format = format
        self.backing = backing
    }
}

/// The nodes of a domain XML that are to change, with their new values. All else stays.
///
/// A rewrite is idempotent: applied to its own result it changes nothing.
public struct IdentityRewrite: Sendable, Equatable, Codable {
    /// What becomes of this project's own note in `<metadata>`.
    public enum Note: Sendable, Equatable, Codable {
        case keep
        case remove
        case set(OwnMetadata)
    }

    /// The new name; nil keeps it. Paths of sockets, logs and NVRAM that carry the old name follow it.
    public var name: String?
    /// The new UUID, also in the SMBIOS table; nil keeps it.
    public var uuid: UUID?
    /// The new generation ID, for a domain that has one; nil keeps it.
    public var genID: UUID?
    /// New MACs. Interfaces that are not named keep theirs.
    public var macs: [InterfaceSelector: MACAddress]
    /// New places of disks by target (`vda`). Disks that are not named keep theirs; CD-ROMs too.
    public var disks: [String: DiskRewrite]
    /// The new file of UEFI variables; nil lets it follow the name.
    public var nvramPath: String?
    /// New networks for old ones. Networks that are not named stay; names that no interface uses are no error.
    public var networks: [NetworkAttachment: NetworkAttachment]
    /// Lets libvirt pick what two VMs on one host can't both have: fixed display ports, a fixed vsock context id,
    /// static security labels, and the sockets that libvirt itself had named. For a copy that stays the same VM: false.
    public var freesHostResources: Bool
    /// What becomes of this project's own note in `<metadata>`.
    public var note: Note

    /// A rewrite that changes what it is given.
    public init(
        name: String? = nil, uuid: UUID? = nil, genID: UUID? = nil, macs: [InterfaceSelector: MACAddress] = [:],
        disks: [String: DiskRewrite] = [:], nvramPath: String? = nil,
        networks: [NetworkAttachment: NetworkAttachment] = [:], freesHostResources: Bool = true, note: Note = .remove
    ) {
        self.name = name
        self.uuid = uuid
        self.genID = genID
        self.macs = macs
        self.disks = disks
        self.nvramPath = nvramPath
        self.networks = networks
        self.freesHostResources = freesHostResources
        self.note = note
    }

    /// A rewrite for an independent copy with this identity.
    public init(_ identity: DomainIdentity, disks: [String: DiskRewrite] = [:], nvramPath: String? = nil) {
        let macs = identity.macs.map { (InterfaceSelector.mac($0.key), $0.value) }
        self.init(
            name: identity.name, uuid: identity.uuid, genID: identity.genID,
            macs: Dictionary(macs) { first, _ in first }, disks: disks, nvramPath: nvramPath)
    }
}
