import CLibvirt

/// A storage pool: a folder, a volume group, …, that holds volumes. Every call blocks; see `LibvirtConnection`.
public struct StoragePool: Sendable {
    /// The pool's name.
    public let name: String
    /// The pool's uuid, in lower case with hyphens.
    public let uuid: String
    let handle: Handle

    init(_ handle: Handle) throws(LibvirtError) {
        self.handle = handle
        name = try handle.borrowedString("virStoragePoolGetName") { virStoragePoolGetName($0) }
        uuid = try handle.uuid("virStoragePoolGetUUIDString") { virStoragePoolGetUUIDString($0, $1) }
    }

    /// The pool XML: among other things its type and its target path.
    public func xml() throws(LibvirtError) -> String {
        try handle.string("virStoragePoolGetXMLDesc") { virStoragePoolGetXMLDesc($0, 0) }
    }

    /// State and sizes, as of the last refresh. Sizes of a pool that is not active are 0.
    public func info() throws(LibvirtError) -> StoragePoolInfo {
        var info = virStoragePoolInfo()
        try handle.number("virStoragePoolGetInfo") { virStoragePoolGetInfo($0, &info) }
        return StoragePoolInfo(
            state: StoragePoolInfo.State(number: info.state), capacity: info.capacity, allocation: info.allocation,
            available: info.available)
    }

    /// Whether the pool was started.
    public func isActive() throws(LibvirtError) -> Bool {
        try handle.number("virStoragePoolIsActive") { virStoragePoolIsActive($0) } == 1
    }

    /// Whether the pool starts with its host.
    public func isAutostart() throws(LibvirtError) -> Bool {
        var value: Int32 = 0
        try handle.number("virStoragePoolGetAutostart") { virStoragePoolGetAutostart($0, &value) }
        return value == 1
    }

    /// Sets whether the pool starts with its host.
    public func setAutostart(_ value: Bool) throws(LibvirtError) {
        try handle.number("virStoragePoolSetAutostart") { virStoragePoolSetAutostart($0, value ? 1 : 0) }
    }

    /// Makes what the pool needs, for a folder pool the folder.
    public func build() throws(LibvirtError) {
        try handle.number("virStoragePoolBuild") { virStoragePoolBuild($0, 0) }
    }

    /// Starts the pool.
    public func start() throws(LibvirtError) {
        try handle.number("virStoragePoolCreate") { virStoragePoolCreate($0, 0) }
    }

    /// Reads sizes and volumes anew.
    public func refresh() throws(LibvirtError) {
        try handle.number("virStoragePoolRefresh") { virStoragePoolRefresh($0, 0) }
    }

    /// Stops the pool. Its volumes stay.
    public func stop() throws(LibvirtError) {
        try handle.number("virStoragePoolDestroy") { virStoragePoolDestroy($0) }
    }

    /// Removes the configuration of a pool that is stopped. Its volumes stay.
    public func undefine() throws(LibvirtError) {
        try handle.number("virStoragePoolUndefine") { virStoragePoolUndefine($0) }
    }
}

/// State and sizes of a pool.
public struct StoragePoolInfo: Sendable, Equatable {
    /// What the pool does.
    public let state: State
    /// Bytes in all.
    public let capacity: UInt64
    /// Bytes in use.
    public let allocation: UInt64
    /// Bytes free.
    public let available: UInt64

    /// What a pool does.
    public enum State: Sendable, Equatable {
        /// It was not started.
        case inactive
        /// It is being built.
        case building
        /// It runs.
        case running
        /// It runs with a part missing.
        case degraded
        /// It was started and can't be reached.
        case inaccessible
        /// A number that this library does not know.
        case other(Int)

        init(number: Int32) {
            switch virStoragePoolState(rawValue: UInt32(bitPattern: number)) {
            case VIR_STORAGE_POOL_INACTIVE: self = .inactive
            case VIR_STORAGE_POOL_BUILDING: self = .building
            case VIR_STORAGE_POOL_RUNNING: self = .running
            case VIR_STORAGE_POOL_DEGRADED: self = .degraded
            case VIR_STORAGE_POOL_INACCESSIBLE: self = .inaccessible
            default: self = .other(Int(number))
            }
        }
    }
}

extension LibvirtConnection {
    /// All storage pools, started or not.
    public func storagePools() throws(LibvirtError) -> [StoragePool] {
        let handles = try objects("virConnectListAllStoragePools", release: { virStoragePoolFree($0) }) {
            virConnectListAllStoragePools($0, $1, 0)
        }
        var pools: [StoragePool] = []
        for handle in handles { pools.append(try StoragePool(handle)) }
        return pools
    }

    /// The pool of that name; throws `noStoragePool` where there is none.
    public func storagePool(named name: String) throws(LibvirtError) -> StoragePool {
        try StoragePool(
            object("virStoragePoolLookupByName", release: { virStoragePoolFree($0) }) {
                virStoragePoolLookupByName($0, name)
            })
    }

    /// Defines a pool, or changes the one with that name and uuid. It is not started.
    public func defineStoragePool(xml: String) throws(LibvirtError) -> StoragePool {
        try StoragePool(
            object("virStoragePoolDefineXML", release: { virStoragePoolFree($0) }) {
                virStoragePoolDefineXML($0, xml, 0)
            })
    }
}
