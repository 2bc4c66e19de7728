/// What an interface is plugged into.
public enum NetworkAttachment: Sendable, Hashable, Codable {
    /// A libvirt network.
    case network(String)
    /// A bridge of the host.
    case bridge(String)
    /// A device of the host, over macvtap.
    case device(String)
}

extension NetworkAttachment: CustomStringConvertible {
    /// `network default`, `bridge br0`, `device eth0`.
    public var description: String {
        switch self {
        case .network(let name): "network \(name)"
        case .bridge(let name): "bridge \(name)"
        case .device(let name): "device \(name)"
        }
    }
}

/// A network interface.
public struct DomainInterface: Sendable, Equatable, Codable {
    /// Position among the domain's interfaces, from 0.
    public var index: Int
    /// Nil in a file that leaves it to libvirt.
    public var mac: MACAddress?
    /// `network`, `bridge`, `direct`, `user`, `ethernet`, `hostdev`, `vhostuser`, `vdpa`, …
    public var type: String
    /// What it is plugged into; nil for other types.
    public var attachment: NetworkAttachment?
    /// A path of the host: the socket of a vhost-user switch, a vDPA device.
    public var hostPath: String?
    /// `virtio`, `e1000e`, …
    public var model: String?
    /// The device on the host, where the XML fixes it.
    public var target: String?
    /// Position in the boot order, from 1.
    public var bootOrder: Int?
}
