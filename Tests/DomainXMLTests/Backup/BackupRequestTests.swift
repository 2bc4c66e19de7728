import DomainXML
import Testing

@Suite("The XML of a backup")
struct BackupRequestTests {
    @Test("names with XML's own characters stay names")
    func escapes() throws {
        let request = BackupRequest(
            socket: "/x/nbd",
            disks: [.init(target: "vda", export: "a'b<c>&\"d/vda", scratch: "/p/'/><evil a='.scratch")])
        let xml = request.xml
        #expect(xml.contains("exportname='a&apos;b&lt;c&gt;&amp;&quot;d/vda'"))
        #expect(xml.contains("<scratch file='/p/&apos;/&gt;&lt;evil a=&apos;.scratch'/>"))
        #expect(!xml.contains("<evil"))
    }

    @Test("every disk that takes part is named, with a scratch file of its own")
    func disks() {
        let disks = ["vda", "vdb"].map { BackupRequest.Disk(target: $0, export: "vm/\($0)", scratch: "/p/\($0)") }
        let xml = BackupRequest(socket: "/x/nbd", disks: disks).xml
        #expect(xml.contains("<domainbackup mode='pull'>") && xml.contains("socket='/x/nbd'"))
        for disk in ["vda", "vdb"] {
            #expect(xml.contains("<disk name='\(disk)' backup='yes' type='file' exportname='vm/\(disk)'>"))
        }
    }
}
