import Testing

@testable import DomainXML

@Suite("Overlays for a running domain") struct OverlayRequestTests {
    @Test("named disks get qcow2 overlays, all others are left alone, whatever their paths have in them")
    func xml() throws {
        let request = OverlayRequest(overlays: ["vdb": "/pool/b&<'\".qcow2", "vda": "/pool/a.qcow2"], others: ["sda"])
        let root = try XMLTree(parsing: request.xml, root: "domainsnapshot").root
        let disks = try #require(root.child("disks")).children("disk")
        #expect(disks.map { $0["name"] } == ["vda", "vdb", "sda"])
        #expect(disks.map { $0["snapshot"] } == ["external", "external", "no"])
        #expect(disks.map { $0.child("driver")?["type"] } == ["qcow2", "qcow2", nil])
        #expect(disks.map { $0.child("source")?["file"] } == ["/pool/a.qcow2", "/pool/b&<'\".qcow2", nil])
    }
}
