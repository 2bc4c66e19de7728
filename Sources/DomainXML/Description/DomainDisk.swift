import FoundationEssentials

/// Where an image lies.
public enum DiskSource: Sendable, Hashable, Codable {
    /// A file on the host.
    case file(String)
    /// A block device on the host.
    case block(String)
    /// A volume of a libvirt pool.
    case volume(pool: String, name: String)
    /// Storage behind a network protocol (`rbd`, `iscsi`, `nbd`, …).
    case network(protocol: String, name: String?)
    /// An NVMe device given to the guest's QEMU.
    case nvme(namespace: String?)
    /// A folder shown as a FAT disk.
    case directory(String)
    /// A vhost-user or vhost-vdpa back end.
    case vhost(String?)
    /// No medium.
    case empty
    /// A type that this project doesn't know.
    case other(type: String)

    /// The path on the host, for files, folders and devices.
    public var path: String? {
        switch self {
        case .file(let path), .block(let path), .directory(let path): path
        case .vhost(let path): path
        case .volume, .network, .nvme, .empty, .other: nil
        }
    }

    /// True for what an agent on the host can read and write.
    public var isLocal: Bool {
        switch self {
        case .file, .block, .volume: true
        case .network, .nvme, .directory, .vhost, .empty, .other: false
        }
    }
}

/// One image of a backing chain.
public struct DiskImage: Sendable, Hashable, Codable {
    /// Where it lies.
    public var source: DiskSource
    /// `raw`, `qcow2`, …; nil when the XML doesn't say.
    public var format: String?

    /// A place and its format.
    public init(source: DiskSource, format: String?) {
        self.source = source
        self.format = format
    }
}

/// A disk, CD-ROM or floppy drive.
public struct DomainDisk: Sendable, Equatable, Codable {
    /// What the guest is given.
    public enum Device: String, Sendable, Codable {
        case disk, cdrom, floppy, lun
    }

    /// The name in the XML (`vda`), unique in a domain.
    public var target: String
    /// `virtio`, `scsi`, `sata`, …
    public var bus: String?
    /// What the guest is given.
    public var device: Device
    /// The top image.
    public var image: DiskImage
    /// What the top image is based on, nearest first, as far as the XML says.
    public var backingChain: [DiskImage]
    /// True when the XML says where the chain ends; otherwise libvirt finds out from the images.
    public var backingChainIsComplete: Bool
    /// The guest can't write.
    public var isReadOnly: Bool
    /// Several VMs may write at once.
    public var isShareable: Bool
    /// Changes are thrown away at shutdown.
    public var isTransient: Bool
    /// The serial number that the guest sees.
    public var serial: String?
    /// Position in the boot order, from 1.
    public var bootOrder: Int?
    /// The image is encrypted.
    public var isEncrypted: Bool
    /// Secrets of the host that the image needs.
    public var secrets: [UUID]
    /// The image is a part of its file or device.
    public var hasSlices: Bool
    /// Security labels of the disk's own are fixed in the XML.
    public var hasExplicitSecurityLabel: Bool

    /// True for what a copy of the VM must take along: disks, but not CD-ROMs, floppies and devices passed through.
    public var isCopied: Bool { device == .disk && image.source != .empty }
}
