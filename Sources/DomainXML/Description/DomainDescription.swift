import FoundationEssentials

/// What an inactive domain XML says, as far as moving the VM needs it. All sizes are in bytes.
public struct DomainDescription: Sendable, Equatable, Codable {
    /// The domain's name.
    public var name: String
    /// Nil in a file that leaves it to libvirt.
    public var uuid: UUID?
    /// The VM generation ID. Nil when there is none, or when libvirt is to make one.
    public var genID: UUID?
    /// A short text for people.
    public var title: String?
    /// `kvm`, `qemu`, `test`, …
    public var type: String
    /// Memory at boot, in bytes.
    public var memory: UInt64
    /// Upper bound for memory hotplug, in bytes.
    public var maxMemory: UInt64?
    /// Virtual CPUs.
    public var vcpus: VCPUs
    /// The CPU as the XML asks for it.
    public var cpu: CPU
    /// Machine, firmware and boot.
    public var os: OperatingSystem
    /// Disks in the XML's order, CD-ROM and floppy drives among them.
    public var disks: [DomainDisk]
    /// Network interfaces in the XML's order.
    public var interfaces: [DomainInterface]
    /// Serial and parallel ports, consoles and channels.
    public var characterDevices: [CharacterDevice]
    /// Displays.
    public var graphics: [Graphics]
    /// Folders shared with the guest.
    public var filesystems: [SharedFolder]
    /// Devices of the host given to the guest.
    public var hostDevices: [HostDevice]
    /// Memory modules.
    public var memoryDevices: [MemoryDevice]
    /// The trusted platform module.
    public var tpm: TPM?
    /// A fixed vsock context id; nil when there is no vsock or libvirt picks it.
    public var fixedVsockCID: UInt32?
    /// The QEMU binary.
    public var emulator: String?
    /// Files and devices of the host that the XML names beside disks, firmware and the fields above.
    public var otherHostPaths: [HostPath]
    /// Memory comes from huge pages.
    public var usesHugepages: Bool
    /// `sev`, `sev-snp`, `tdx`, `s390-pv`: memory encryption bound to the host.
    public var launchSecurity: String?
    /// Static security labels by model (`selinux`, `apparmor`, `dac`).
    public var staticSecurityLabels: [String]
    /// Namespaces of the elements in `<metadata>`.
    public var metadataNamespaces: [String]
    /// What this project noted in `<metadata>`; nil when there is no note.
    public var ownMetadata: OwnMetadata?
    /// The XML has `qemu:commandline` or the like, whose contents nobody but the author knows.
    public var hasQEMUCommandLine: Bool

    /// Virtual CPUs.
    public struct VCPUs: Sendable, Equatable, Codable {
        /// At boot.
        public var current: Int
        /// With all hot-pluggable ones.
        public var maximum: Int
    }

    /// The CPU as the XML asks for it.
    public struct CPU: Sendable, Equatable, Codable {
        /// `custom`, `host-model`, `host-passthrough`, `maximum`; nil without a `<cpu>` or for the old form.
        public var mode: String?
        /// The named model, in custom mode.
        public var model: String?
        /// Features that must be there.
        public var requiredFeatures: [String]
    }

    /// Machine, firmware and boot.
    public struct OperatingSystem: Sendable, Equatable, Codable {
        /// `hvm`, …
        public var type: String
        /// `x86_64`, `aarch64`, …
        public var architecture: String?
        /// `pc-q35-7.2`, …
        public var machine: String?
        /// `efi` or `bios` where libvirt picks the files.
        public var firmware: String?
        /// The firmware image.
        public var loader: String?
        /// The UEFI variables.
        public var nvram: NVRAM?
        /// Direct boot.
        public var kernel: String?
        /// Direct boot.
        public var initrd: String?
        /// Direct boot.
        public var deviceTree: String?

        /// True for UEFI, with or without an NVRAM path.
        public var isUEFI: Bool
    }

    /// The file of UEFI variables.
    public struct NVRAM: Sendable, Equatable, Codable {
        /// Nil when libvirt makes it at first start.
        public var path: String?
        /// What libvirt makes it from.
        public var template: String?
        /// `raw` or `qcow2`; nil means raw.
        public var format: String?
        /// The storage's type when it is not a plain file.
        public var storageType: String?
    }
}

/// A file, folder, socket or device of the host.
public struct HostPath: Sendable, Hashable, Codable {
    /// Absolute.
    public var path: String
    /// What the domain uses it for, as a noun.
    public var purpose: String

    /// A path and what it is for.
    public init(path: String, purpose: String) {
        self.path = path
        self.purpose = purpose
    }
}
