import Testing

@testable import DomainXML

@Suite("The XML of a backup")
struct BackupRequestTests {
    private func read(_ request: BackupRequest) throws -> XMLNode {
        try XMLTree(parsing: request.xml, root: "domainbackup").root
    }

    @Test("names with XML's own characters stay names")
    func escapes() throws {
        let disk = BackupRequest.Disk(target: "vda", export: "a'b<c>&\"d/vda", scratch: "/p/'/><evil a='.scratch")
        let root = try read(BackupRequest(socket: "/x/nbd", disks: [disk]))
        let element = try #require(root.child("disks")?.children("disk").first)
        #expect(element["exportname"] == disk.export)
        #expect(element.child("scratch")?["file"] == disk.scratch)
        #expect(element.child("evil") == nil)
    }

    @Test("every disk that takes part is named, with a scratch file of its own")
    func disks() throws {
        let disks = ["vda", "vdb"].map { BackupRequest.Disk(target: $0, export: "vm/\($0)", scratch: "/p/\($0)") }
        let root = try read(BackupRequest(socket: "/x/nbd", disks: disks))
        #expect(root["mode"] == "pull")
        #expect(root.child("server")?["transport"] == "unix" && root.child("server")?["socket"] == "/x/nbd")
        let elements = root.child("disks")?.children("disk") ?? []
        #expect(elements.map { $0["name"] } == ["vda", "vdb"])
        #expect(elements.map { $0.child("scratch")?["file"] } == ["/p/vda", "/p/vdb"])
        #expect(elements.allSatisfy { $0["backup"] == "yes" && $0["type"] == "file" })
    }
}
