import Testing

@testable import Libvirt

@Suite struct NetworkTests {
    let nodes = """
        <network><name>default</name><bridge name='virbr0'/>\
        <ip address='192.168.1.1' netmask='255.255.255.0'/></network>
        <network><name>direct</name><forward mode='passthrough'><interface dev='eth0'/></forward></network>
        """

    @Test func networksAreListedWithTheirBridges() throws {
        let networks = try TestHost(nodes).connection.networks().sorted { $0.name < $1.name }
        #expect(networks.map(\.name) == ["default", "direct"])
        #expect(try networks.map { try $0.bridgeName() } == ["virbr0", nil])
        #expect(try networks.map { try $0.isActive() } == [true, true])
        #expect(Set(networks.map(\.uuid)).count == 2)
        #expect(try networks[0].xml().contains("192.168.1.1"))
    }

    @Test func aNetworkIsFoundByName() throws {
        let connection = try TestHost(nodes).connection
        #expect(try connection.network(named: "default").name == "default")
        let error = #expect(throws: LibvirtError.self) { try connection.network(named: "none") }
        #expect(error?.code == .noNetwork)
    }
}
