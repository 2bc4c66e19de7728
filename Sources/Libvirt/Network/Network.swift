import CLibvirt

/// A virtual network of a host. Every call blocks; see `LibvirtConnection`.
public struct Network: Sendable {
    /// The network's name.
    public let name: String
    /// The network's uuid, in lower case with hyphens.
    public let uuid: String
    let handle: Handle

    init(_ handle: Handle) throws(LibvirtError) {
        self.handle = handle
        name = try handle.borrowedString("virNetworkGetName") { virNetworkGetName($0) }
        uuid = try handle.uuid("virNetworkGetUUIDString") { virNetworkGetUUIDString($0, $1) }
    }

    /// The network XML.
    public func xml() throws(LibvirtError) -> String {
        try handle.string("virNetworkGetXMLDesc") { virNetworkGetXMLDesc($0, 0) }
    }

    /// Whether the network was started.
    public func isActive() throws(LibvirtError) -> Bool {
        try handle.number("virNetworkIsActive") { virNetworkIsActive($0) } == 1
    }

    /// The name of the bridge; nil for a network without one.
    public func bridgeName() throws(LibvirtError) -> String? {
        do throws(LibvirtError) {
            return try handle.string("virNetworkGetBridgeName") { virNetworkGetBridgeName($0) }
        } catch {
            // Drivers answer so, too, when the network's forward mode has no bridge.
            guard error.code == .internalError, try !xml().contains("<bridge ") else { throw error }
            return nil
        }
    }
}

extension LibvirtConnection {
    /// All networks, started or not.
    public func networks() throws(LibvirtError) -> [Network] {
        let handles = try objects("virConnectListAllNetworks", release: { virNetworkFree($0) }) {
            virConnectListAllNetworks($0, $1, 0)
        }
        var networks: [Network] = []
        for handle in handles { networks.append(try Network(handle)) }
        return networks
    }

    /// The network of that name; throws `noNetwork` where there is none.
    public func network(named name: String) throws(LibvirtError) -> Network {
        try Network(
            object("virNetworkLookupByName", release: { virNetworkFree($0) }) { virNetworkLookupByName($0, name) })
    }
}
