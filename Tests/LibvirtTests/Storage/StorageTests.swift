import Testing

@testable import Libvirt

@Suite struct StorageTests {
    static func poolXML(_ name: String) -> String {
        "<pool type='dir'><name>\(name)</name><target><path>/pools/\(name)</path></target></pool>"
    }

    static func volumeXML(_ name: String) -> String {
        "<volume><name>\(name)</name><capacity unit='MiB'>64</capacity><allocation unit='MiB'>16</allocation></volume>"
    }

    @Test func aPoolIsDefinedStartedAndRemoved() throws {
        let connection = try TestHost().connection
        let pool = try connection.defineStoragePool(xml: Self.poolXML("images"))
        #expect(try !pool.isActive())
        #expect(try pool.info().state == .inactive)
        try pool.build()
        try pool.start()
        try pool.refresh()
        #expect(try pool.isActive())
        try pool.setAutostart(true)
        #expect(try pool.isAutostart())
        let info = try pool.info()
        #expect(info.state == .running)
        #expect(info.capacity == info.allocation + info.available)
        #expect(try pool.xml().contains("<path>/pools/images</path>"))
        let listed = try connection.storagePools()
        #expect(listed.map(\.name) == ["images"])
        #expect(listed.map(\.uuid) == [pool.uuid])
        try pool.stop()
        try pool.undefine()
        #expect(try connection.storagePools().isEmpty)
    }

    @Test func aVolumeIsMadeFoundAndDeleted() throws {
        let connection = try TestHost().connection
        let pool = try connection.defineStoragePool(xml: Self.poolXML("images"))
        try pool.start()
        let free = try pool.info().available
        let volume = try pool.createVolume(xml: Self.volumeXML("disk.img"))
        #expect(try volume.path() == "/pools/images/disk.img")
        #expect(try volume.info() == StorageVolumeInfo(capacity: 64 << 20, allocation: 16 << 20))
        #expect(try volume.xml().contains("<name>disk.img</name>"))
        #expect(try pool.info().available == free - 16 << 20)
        #expect(try pool.volumes().map(\.name) == ["disk.img"])
        #expect(try pool.volume(named: "disk.img").key == volume.key)
        #expect(try connection.volume(path: "/pools/images/disk.img").key == volume.key)
        try volume.delete()
        #expect(try pool.volumes().isEmpty)
    }

    @Test func whatIsNotThereIsATypedError() throws {
        let connection = try TestHost().connection
        let pool = try connection.defineStoragePool(xml: Self.poolXML("images"))
        try pool.start()
        let failures: [(LibvirtError.Code, () throws -> Void)] = [
            (.noStoragePool, { _ = try connection.storagePool(named: "none") }),
            (.noStorageVolume, { _ = try pool.volume(named: "none") }),
            (.noStorageVolume, { _ = try connection.volume(path: "/none") }),
        ]
        for (code, call) in failures {
            let error = #expect(throws: LibvirtError.self) { try call() }
            #expect(error?.code == code)
            #expect(error?.isNotFound == true)
        }
    }

    @Test func aTakenVolumeNameIsRefused() throws {
        let pool = try TestHost().connection.defineStoragePool(xml: Self.poolXML("images"))
        try pool.start()
        _ = try pool.createVolume(xml: Self.volumeXML("disk.img"))
        let error = #expect(throws: LibvirtError.self) { try pool.createVolume(xml: Self.volumeXML("disk.img")) }
        #expect(error?.code == .operationFailed)
    }
}
