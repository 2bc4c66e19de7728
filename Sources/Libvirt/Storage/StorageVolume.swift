import CLibvirt

/// A volume of a storage pool. Every call blocks; see `LibvirtConnection`.
public struct StorageVolume: Sendable {
    /// The volume's name within its pool.
    public let name: String
    /// What identifies the volume on the host; often its path.
    public let key: String
    let handle: Handle

    init(_ handle: Handle) throws(LibvirtError) {
        self.handle = handle
        name = try handle.borrowedString("virStorageVolGetName") { virStorageVolGetName($0) }
        key = try handle.borrowedString("virStorageVolGetKey") { virStorageVolGetKey($0) }
    }

    /// The path on the host.
    public func path() throws(LibvirtError) -> String {
        try handle.string("virStorageVolGetPath") { virStorageVolGetPath($0) }
    }

    /// The volume XML.
    public func xml() throws(LibvirtError) -> String {
        try handle.string("virStorageVolGetXMLDesc") { virStorageVolGetXMLDesc($0, 0) }
    }

    /// The sizes, as of the pool's last refresh.
    public func info() throws(LibvirtError) -> StorageVolumeInfo {
        var info = virStorageVolInfo()
        try handle.number("virStorageVolGetInfo") { virStorageVolGetInfo($0, &info) }
        return StorageVolumeInfo(capacity: info.capacity, allocation: info.allocation)
    }

    /// Deletes the volume and its data.
    public func delete() throws(LibvirtError) {
        try handle.number("virStorageVolDelete") { virStorageVolDelete($0, 0) }
    }
}

/// The sizes of a volume, in bytes.
public struct StorageVolumeInfo: Sendable, Equatable {
    /// What a guest sees.
    public let capacity: UInt64
    /// What is allocated on the host.
    public let allocation: UInt64
}

extension StoragePool {
    /// The volumes, as of the last refresh.
    public func volumes() throws(LibvirtError) -> [StorageVolume] {
        let handles = try handle.objects("virStoragePoolListAllVolumes", release: { virStorageVolFree($0) }) {
            virStoragePoolListAllVolumes($0, $1, 0)
        }
        var volumes: [StorageVolume] = []
        for handle in handles { volumes.append(try StorageVolume(handle)) }
        return volumes
    }

    /// The volume of that name; throws `noStorageVolume` where there is none.
    public func volume(named name: String) throws(LibvirtError) -> StorageVolume {
        try StorageVolume(
            handle.object("virStorageVolLookupByName", release: { virStorageVolFree($0) }) {
                virStorageVolLookupByName($0, name)
            })
    }

    /// Makes a volume.
    public func createVolume(xml: String) throws(LibvirtError) -> StorageVolume {
        try StorageVolume(
            handle.object("virStorageVolCreateXML", release: { virStorageVolFree($0) }) {
                virStorageVolCreateXML($0, xml, 0)
            })
    }
}

extension LibvirtConnection {
    /// The volume at that path in any active pool; throws `noStorageVolume` where there is none.
    public func volume(path: String) throws(LibvirtError) -> StorageVolume {
        try StorageVolume(
            object("virStorageVolLookupByPath", release: { virStorageVolFree($0) }) {
                virStorageVolLookupByPath($0, path)
            })
    }
}
