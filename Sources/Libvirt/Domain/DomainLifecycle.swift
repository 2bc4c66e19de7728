import CLibvirt

extension Domain {
    /// Starts the domain. A managed-save image, if there is one, is restored.
    public func start(paused: Bool = false) throws(LibvirtError) {
        let flags = paused ? VIR_DOMAIN_START_PAUSED.rawValue : 0
        try handle.number("virDomainCreateWithFlags") { virDomainCreateWithFlags($0, flags) }
    }

    /// Asks the guest to shut down; returns before it has.
    public func shutdown() throws(LibvirtError) {
        try handle.number("virDomainShutdown") { virDomainShutdown($0) }
    }

    /// Ends the domain at once, as if its power were cut.
    public func destroy() throws(LibvirtError) {
        try handle.number("virDomainDestroy") { virDomainDestroy($0) }
    }

    /// Pauses the domain's processors.
    public func suspend() throws(LibvirtError) {
        try handle.number("virDomainSuspend") { virDomainSuspend($0) }
    }

    /// Lets a paused domain go on.
    public func resume() throws(LibvirtError) {
        try handle.number("virDomainResume") { virDomainResume($0) }
    }

    /// Removes the configuration. A running domain runs on as a transient one.
    public func undefine(_ options: UndefineOptions = []) throws(LibvirtError) {
        try handle.number("virDomainUndefineFlags") { virDomainUndefineFlags($0, options.rawValue) }
    }

    /// Whether libvirt holds a saved state of the domain, which its next start restores.
    public func hasManagedSave() throws(LibvirtError) -> Bool {
        try handle.number("virDomainHasManagedSaveImage") { virDomainHasManagedSaveImage($0, 0) } == 1
    }
}

/// What goes with a domain when it is undefined. What would stay behind without an option makes libvirt refuse.
public struct UndefineOptions: OptionSet, Sendable {
    /// The bits of `virDomainUndefineFlagsValues`.
    public let rawValue: UInt32

    /// Options by their bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Remove the saved state.
    public static let managedSave = Self(rawValue: VIR_DOMAIN_UNDEFINE_MANAGED_SAVE.rawValue)
    /// Forget the snapshots; their data stays in the disks.
    public static let snapshotsMetadata = Self(rawValue: VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA.rawValue)
    /// Forget the checkpoints; their bitmaps stay in the disks.
    public static let checkpointsMetadata = Self(rawValue: VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA.rawValue)
    /// Remove the NVRAM file.
    public static let nvram = Self(rawValue: VIR_DOMAIN_UNDEFINE_NVRAM.rawValue)
    /// Keep the NVRAM file.
    public static let keepNVRAM = Self(rawValue: VIR_DOMAIN_UNDEFINE_KEEP_NVRAM.rawValue)
    /// Remove the TPM state; libvirt 8.9 and later.
    public static let tpm = Self(rawValue: VIR_DOMAIN_UNDEFINE_TPM.rawValue)
    /// Keep the TPM state; libvirt 8.9 and later.
    public static let keepTPM = Self(rawValue: VIR_DOMAIN_UNDEFINE_KEEP_TPM.rawValue)
}
