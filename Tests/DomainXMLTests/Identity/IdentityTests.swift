import DomainXML
import FoundationEssentials
import Testing

@Suite("A MAC address")
struct MACAddressTests {
    @Test(
        "is read with colons or hyphens, in either case",
        arguments: [
            ("52:54:00:ab:cd:ef", "52:54:00:ab:cd:ef"), ("52-54-00-AB-CD-EF", "52:54:00:ab:cd:ef"),
            ("00:00:00:00:00:00", "00:00:00:00:00:00"), ("fF:ff:FF:ff:ff:ff", "ff:ff:ff:ff:ff:ff"),
        ])
    func reads(_ text: String, _ wanted: String) {
        #expect(MACAddress(text)?.description == wanted)
    }

    @Test(
        "is refused in any other form",
        arguments: [
            "", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:00", "525400abcdef", "52:54:00:ab:cd:eg", "52:54-00:ab:cd:ef",
            " 52:54:00:ab:cd:e", "52:54:00:ab:cd:e\n", "52:54:00:ab:cd:ef ", "5２:54:00:ab:cd:ef", "+2:54:00:ab:cd:ef",
        ])
    func refuses(_ text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test("is made at random in libvirt's range, the same for the same seed")
    func random() {
        var one = SeededGenerator(seed: 1)
        var other = SeededGenerator(seed: 1)
        let made = (0..<1000).map { _ in MACAddress.random(using: &one) }
        #expect(made.allSatisfy { $0.description.hasPrefix("52:54:00:") && !$0.isMulticast })
        #expect(made == (0..<1000).map { _ in MACAddress.random(using: &other) })
        #expect(Set(made).count > 990)
    }

    @Test("is stored as text")
    func coding() throws {
        let mac = try #require(MACAddress("52:54:00:ab:cd:ef"))
        let data = try JSONEncoder().encode([mac])
        #expect(String(decoding: data, as: UTF8.self) == #"["52:54:00:ab:cd:ef"]"#)
        #expect(try JSONDecoder().decode([MACAddress].self, from: data) == [mac])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([MACAddress].self, from: Data(#"["x"]"#.utf8)) }
    }
}

@Suite("A UUID")
struct UUIDTests {
    @Test(
        "is read in libvirt's notations",
        arguments: [
            "4dea22b3-1d52-d8f3-2516-782e98ab3fa0", "4DEA22B31D52D8F32516782E98AB3FA0",
            " 4dea22b3 1d52d8f3 2516782e 98ab3fa0\n",
        ])
    func reads(_ text: String) {
        #expect(UUID(libvirt: text)?.libvirtText == "4dea22b3-1d52-d8f3-2516-782e98ab3fa0")
    }

    @Test(
        "is refused in others", arguments: ["", "4dea22b3", "4dea22b31d52d8f32516782e98ab3fag", "{4dea22b31d52d8f3}"])
    func refuses(_ text: String) {
        #expect(UUID(libvirt: text) == nil)
    }

    @Test("is made at random as version 4")
    func random() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<100 {
            let text = Array(UUID.random(using: &generator).libvirtText)
            #expect(text[14] == "4" && ["8", "9", "a", "b"].contains(text[19]))
        }
    }
}

@Suite("A fresh identity")
struct DomainIdentityTests {
    @Test("has new values for all that the original has, and shares a MAC where the original does")
    func fresh() throws {
        let original = try DomainDescription(parsing: Fixtures.domain("failover-team.xml"))
        var random = SeededGenerator(seed: 9)
        let identity = DomainIdentity.fresh(for: original, name: "copy", using: &random)
        #expect(identity.name == "copy")
        #expect(identity.uuid != original.uuid)
        #expect(identity.genID != nil && identity.genID != original.genID)
        #expect(Set(identity.macs.keys) == Set(original.interfaces.compactMap(\.mac)))
        let after = try DomainDescription(
            parsing: IdentityRewrite(identity).apply(to: Fixtures.domain("failover-team.xml")).xml)
        #expect(after.interfaces[0].mac == after.interfaces[1].mac)
        #expect(after.interfaces[0].mac != original.interfaces[0].mac)
    }

    @Test("keeps MACs on request, and makes no generation ID where there was none")
    func preserving() throws {
        let original = try DomainDescription(parsing: Fixtures.domain("virt-install-debian.xml"))
        let identity = DomainIdentity.fresh(for: original, name: "copy", preservingMACs: true)
        #expect(identity.macs.isEmpty && identity.genID == nil)
    }
}
