import Testing

@testable import Libvirt

@Suite struct DomainTests {
    static let uuid = "6c1d5a0e-9b1f-4a7e-8b29-6a6f0f1b2c3d"

    @Test func aDomainIsDefinedFoundAndUndefined() throws {
        let connection = try TestHost().connection
        let defined = try connection.defineDomain(xml: TestHost.domainXML("web", uuid: Self.uuid))
        #expect(defined.name == "web")
        #expect(defined.uuid == Self.uuid)
        for found in [try connection.domain(named: "web"), try connection.domain(uuid: Self.uuid.uppercased())] {
            #expect(found.uuid == Self.uuid)
            #expect(found.id == nil)
            #expect(try found.isPersistent())
            #expect(try !found.isAutostart())
            #expect(try !found.isActive())
            #expect(try !found.hasManagedSave())
        }
        let info = try defined.info()
        #expect(info.status.state == .shutOff)
        #expect(info.maximumMemory == 512 << 20)
        #expect(info.vcpus == 3)
        try defined.setAutostart(true)
        #expect(try defined.isAutostart())
        try defined.undefine()
        #expect(try connection.domains().isEmpty)
        #expect(throws: LibvirtError.self) { try defined.xml() }
    }

    @Test func eachStepOfALifeShowsInTheState() throws {
        let domain = try TestHost().connection.defineDomain(xml: TestHost.domainXML("web"))
        let steps: [(String, () throws -> Void, DomainState, String?)] = [
            ("start", { try domain.start() }, .running, "booted"),
            ("suspend", { try domain.suspend() }, .paused, "on request"),
            ("resume", { try domain.resume() }, .running, "resumed"),
            ("shutdown", { try domain.shutdown() }, .shutOff, "shut down"),
            ("another start", { try domain.start() }, .running, "booted"),
            ("destroy", { try domain.destroy() }, .shutOff, "powered off"),
        ]
        for (name, step, state, reason) in steps {
            try step()
            let status = try domain.status()
            #expect(status.state == state, "after \(name)")
            #expect(status.reasonText == reason, "after \(name)")
        }
    }

    @Test func xmlThatWasReadDefinesTheSameDomain() throws {
        let source = try TestHost().connection
        let devices = """
            <metadata><note xmlns='urn:example'>kept &amp; unchanged</note></metadata>
            <devices>
              <disk type='file' device='disk'><source file='/pool/a b&apos;c.qcow2'/><target dev='vda' bus='virtio'/></disk>
              <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/></interface>
            </devices>
            """
        let original = try source.defineDomain(xml: TestHost.domainXML("web", extra: devices)).xml(.inactive)
        let copy = try TestHost().connection.defineDomain(xml: original).xml([.inactive, .secure])
        #expect(original.contains("kept &amp; unchanged"))
        #expect(copy == original)
    }

    @Test func aMissingObjectIsATypedError() throws {
        let connection = try TestHost().connection
        let byName = #expect(throws: LibvirtError.self) { try connection.domain(named: "none") }
        #expect(byName?.code == .noDomain)
        #expect(byName?.isNotFound == true)
        #expect(byName?.isUnsupported == false)
        let byUUID = #expect(throws: LibvirtError.self) { try connection.domain(uuid: Self.uuid) }
        #expect(byUUID?.code == .noDomain)
        let malformed = #expect(throws: LibvirtError.self) { try connection.domain(uuid: "no-uuid") }
        #expect(malformed?.code == .invalidArgument)
    }

    @Test(arguments: [
        ("", false), ("<domain", false), ("<domain type='test'/>", false), ("<network><name>n</name></network>", false),
        (TestHost.domainXML("web", extra: "<unknown/>"), true),
    ])
    func xmlThatIsNoDomainIsRefused(xml: String, validating: Bool) throws {
        let connection = try TestHost().connection
        #expect(throws: LibvirtError.self) { try connection.defineDomain(xml: xml, validating: validating) }
        #expect(try connection.domains().isEmpty)
    }

    @Test func aTakenNameIsRefused() throws {
        let connection = try TestHost(TestHost.domainXML("web")).connection
        let error = #expect(throws: LibvirtError.self) {
            try connection.defineDomain(xml: TestHost.domainXML("web"))
        }
        #expect(error?.code == .operationFailed)
    }

    @Test func whatLibvirtKeepsBesideADomainHoldsItsUndefinition() throws {
        let node = TestHost.domainXML(
            "saved", extra: "<test:runstate>5</test:runstate><test:hasmanagedsave>1</test:hasmanagedsave>")
        let connection = try TestHost(node).connection
        let domain = try connection.domain(named: "saved")
        #expect(try domain.hasManagedSave())
        #expect(throws: LibvirtError.self) { try domain.undefine() }
        try domain.undefine([.managedSave, .snapshotsMetadata])
        #expect(try connection.domains().isEmpty)
    }

    @Test func snapshotsAreNamed() throws {
        let snapshots = ["first", "second"].map { name in
            """
            <test:domainsnapshot><name>\(name)</name><state>shutoff</state><creationTime>1</creationTime><active>0</active>
            \(TestHost.domainXML("web", uuid: Self.uuid))</test:domainsnapshot>
            """
        }
        let domain = try TestHost(TestHost.domainXML("web", uuid: Self.uuid, extra: snapshots.joined())).connection
            .domain(named: "web")
        #expect(try domain.snapshotNames().sorted() == ["first", "second"])
        #expect(try domain.checkpointNames() == [])
    }

    @Test func whatTheDriverLacksIsToldApart() throws {
        let disk = "<devices><disk type='file'><source file='/pool/a.img'/><target dev='vda'/></disk></devices>"
        let connection = try TestHost(TestHost.domainXML("web", extra: disk)).connection
        let domain = try connection.domain(named: "web")
        let missing = #expect(throws: LibvirtError.self) { try domain.blockInfo(disk: "vdz") }
        #expect(missing?.call == "virDomainGetBlockInfo")
        // The flag arrives at a driver that has no paused start.
        try domain.destroy()
        let paused = #expect(throws: LibvirtError.self) { try domain.start(paused: true) }
        #expect(paused?.code == .invalidArgument)
        do throws(LibvirtError) {
            #expect(try domain.job().kind == .none)
        } catch {
            #expect(error.isUnsupported)
        }
    }
}
