import Testing

@testable import DomainXML

@Suite("CPUs as libvirt compares them") struct CPUElementTests {
    static let domains: [(String, Bool, Bool)] = [
        ("<domain/>", false, false),
        ("<domain><cpu mode='custom' match='exact'><model>Skylake</model></cpu></domain>", true, false),
        ("<domain><cpu><model>qemu64</model></cpu></domain>", true, false),
        ("<domain><cpu mode='host-model'/></domain>", false, false),
        ("<domain><cpu mode='host-passthrough' migratable='on'/></domain>", false, true),
    ]

    @Test("only a CPU that the XML spells out is compared", arguments: domains.indices)
    func guest(_ place: Int) throws {
        let (xml, hasGuest, isPassedThrough) = Self.domains[place]
        let guest = try CPUElement.guest(xml)
        #expect((guest != nil) == hasGuest)
        if let guest { #expect(xml.contains(guest.replacing("\"", with: "'"))) }
        #expect(try CPUElement.isPassedThrough(xml) == isPassedThrough)
    }

    @Test("a host's model comes from its capabilities, and is told in a few words")
    func hostModel() throws {
        func capabilities(_ inner: String) -> String { "<domainCapabilities><cpu>\(inner)</cpu></domainCapabilities>" }
        let known = capabilities(
            "<mode name='host-model' supported='yes'><model>Penryn</model><feature policy='require' name='aes'/><feature policy='disable' name='vmx'/></mode>"
        )
        let cpu = try #require(try CPUElement.hostModel(known))
        #expect(try CPUElement.words(cpu) == "Penryn,+aes,-vmx")
        #expect(try CPUElement.hostModel(capabilities("<mode name='host-model' supported='no'/>")) == nil)
        #expect(
            try CPUElement.host("<capabilities><host><cpu><model>A</model></cpu></host></capabilities>")
                == "<cpu><model>A</model></cpu>")
    }
}
