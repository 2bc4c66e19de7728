import Testing

@testable import Libvirt

@Suite struct LibvirtConnectionTests {
    @Test func theHostTellsAboutItself() throws {
        let host = try TestHost(
            "<cpu><mhz>1500</mhz><model>x86_64</model><active>8</active><nodes>2</nodes></cpu><memory>4194304</memory>")
        let connection = host.connection
        #expect(try connection.driverType() == "TEST")
        #expect(try connection.uri().hasPrefix("test:///"))
        #expect(try !connection.hostname().isEmpty)
        #expect(try !connection.isEncrypted())
        #expect(connection.isAlive)
        #expect(try connection.capabilitiesXML().contains("<capabilities>"))
        #expect(try connection.domainCapabilitiesXML() == nil)
        let node = try connection.nodeInfo()
        #expect(node.model == "x86_64")
        #expect(node.memory == 4 << 30)
        #expect(node.cpus == 8)
        #expect(node.mhz == 1500)
        #expect(node.numaCells == 2)
        #expect(try connection.freeMemory() != 0)
    }

    @Test func versionsAreTakenApart() throws {
        let host = try TestHost()
        let library = try LibvirtConnection.libraryVersion()
        #expect(library >= LibvirtVersion(7, 0, 0))
        #expect(try host.connection.daemonVersion() == library)
        #expect(try host.connection.hypervisorVersion() == LibvirtVersion(0, 0, 2))
        #expect(LibvirtVersion(packed: 10_012_003).description == "10.12.3")
        #expect(LibvirtVersion(9, 0, 0) < LibvirtVersion(10, 0, 0))
    }

    @Test(arguments: [
        ("test:///no/such/file.xml", LibvirtError.Code.xmlError),
        ("test+unix:///default?socket=/no/such/socket", .systemError),
    ])
    func aConnectionThatFailsSaysWhy(uri: String, code: LibvirtError.Code) {
        let error = #expect(throws: LibvirtError.self) { try LibvirtConnection(uri: uri) }
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.call == "virConnectOpenAuth")
        #expect(error?.level == .error)
        #expect(error?.message.isEmpty == false)
    }

    @Test func aReadOnlyConnectionRefusesChanges() throws {
        let host = try TestHost(isReadOnly: true)
        let error = #expect(throws: LibvirtError.self) {
            try host.connection.defineDomain(xml: TestHost.domainXML("vm"))
        }
        #expect(error?.code == .operationDenied)
        #expect(try host.connection.domains().isEmpty)
    }

    @Test func afterCloseCallsAreRefusedAndObjectsStaySafe() throws {
        let host = try TestHost(TestHost.domainXML("vm"))
        let domain = try host.connection.domain(named: "vm")
        host.connection.close()
        host.connection.close()
        #expect(!host.connection.isAlive)
        #expect(throws: LibvirtError.closed("virConnectGetHostname")) { try host.connection.hostname() }
        #expect(throws: LibvirtError.closed("virDomainGetInfo")) { try domain.info() }
        #expect(domain.name == "vm")
    }

    @Test func objectsOutliveAConnectionThatNobodyClosed() throws {
        let domain: Domain = try TestHost(TestHost.domainXML("vm")).connection.domain(named: "vm")
        #expect(try domain.isActive())
    }

    @Test func theErrorOfACallSurvivesTheReleaseOfItsHandle() throws {
        // The domain is released as the call returns; releasing clears the thread's last error.
        let host = try TestHost(TestHost.domainXML("vm"))
        let error = #expect(throws: LibvirtError.self) { try host.connection.domain(named: "vm").start() }
        #expect(error?.message.contains("already running") == true)
        #expect(error?.description.contains("virDomainCreateWithFlags: ") == true)
    }

    @Test func manyThreadsUseOneConnection() async throws {
        let host = try TestHost((0..<8).map { TestHost.domainXML("vm\($0)") }.joined())
        let connection = host.connection
        try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<8 {
                group.addTask {
                    try await onThread {
                        var count = 0
                        for _ in 0..<50 {
                            let domain = try connection.domain(named: "vm\(index)")
                            try domain.suspend()
                            try domain.resume()
                            count += try connection.domains().count
                            #expect(throws: LibvirtError.self) { try connection.domain(named: "none\(index)") }
                        }
                        return count
                    }
                }
            }
            for try await count in group { #expect(count == 400) }
        }
    }
}
