/// A serial or parallel port, console or channel.
public struct CharacterDevice: Sendable, Equatable, Codable {
    /// The element: `serial`, `parallel`, `console`, `channel`.
    public var kind: String
    /// `pty`, `unix`, `file`, `tcp`, …
    public var type: String
    /// A file, socket, pipe or device of the host.
    public var path: String?
    /// The host's end listens on it.
    public var listens: Bool
    /// A fixed TCP or UDP port on which the host's end listens.
    public var port: String?
    /// A file with what the guest wrote.
    public var logPath: String?
    /// A channel's name, such as `org.qemu.guest_agent.0`.
    public var name: String?
    /// `connected` or `disconnected`, for a channel of a running domain.
    public var state: String?
}

/// A display.
public struct Graphics: Sendable, Equatable, Codable {
    /// `vnc`, `spice`, `rdp`, …
    public var type: String
    /// A fixed TCP port; nil when libvirt picks one.
    public var port: Int?
    /// SPICE's fixed TLS port.
    public var tlsPort: Int?
    /// VNC's fixed websocket port.
    public var websocketPort: Int?
    /// A UNIX socket of the host.
    public var socket: String?
    /// The address of the host on which it listens, where the XML fixes one.
    public var listenAddress: String?
}

/// A folder shared with the guest.
public struct SharedFolder: Sendable, Equatable, Codable {
    /// `mount`, `file`, `block`, …
    public var type: String
    /// The folder, image or device on the host.
    public var source: String?
    /// The socket of a virtiofsd that libvirt doesn't start.
    public var socket: String?
    /// The tag that the guest mounts.
    public var target: String?
}

/// A device of the host that the guest holds.
public struct HostDevice: Sendable, Equatable, Codable {
    /// `pci`, `usb`, `scsi`, `scsi_host`, `mdev`, `smartcard`, `interface`, …
    public var kind: String
    /// What people call it: an address, an id.
    public var summary: String
}

/// A memory module.
public struct MemoryDevice: Sendable, Equatable, Codable {
    /// `dimm`, `nvdimm`, `virtio-pmem`, `virtio-mem`, `sgx-epc`.
    public var model: String
    /// The file or device behind it.
    public var path: String?
}

/// A trusted platform module.
public struct TPM: Sendable, Equatable, Codable {
    /// Where its state is.
    public enum Backend: Sendable, Equatable, Codable {
        /// A swtpm of libvirt's, with state in a folder of the host.
        case emulator
        /// The host's own.
        case passthrough(device: String?)
        /// A process that libvirt doesn't start, behind a socket.
        case external(socket: String?)
    }

    /// `tpm-crb`, `tpm-tis`, …
    public var model: String?
    /// Where its state is.
    public var backend: Backend
}
