import DomainXML
import Testing

@Suite("A disk's new place")
struct DiskRewriteTests {
    private func rewrite(_ target: String, _ disk: DiskRewrite, in file: String = "backing-chain.xml") throws -> String
    {
        try IdentityRewrite(disks: [target: disk]).apply(to: Fixtures.domain(file)).xml
    }

    @Test("turns a pool volume into a file")
    func volume() throws {
        let xml = try rewrite("vdb", .init(.file("/new/data.qcow2")))
        #expect(
            xml.contains(
                """
                    <disk type="file" device="disk">
                      <driver name="qemu" type="qcow2"/>
                      <source file="/new/data.qcow2"/>
                      <target dev="vdb" bus="virtio"/>
                    </disk>
                """))
    }

    @Test("turns a block device into a file of another format")
    func block() throws {
        let xml = try rewrite("vdc", .init(.file("/new/logs.qcow2"), format: "qcow2"))
        #expect(
            xml.contains(
                """
                      <driver name="qemu" type="qcow2" cache="none" io="native"/>
                      <source file="/new/logs.qcow2"/>
                """))
    }

    @Test("adds a driver only where the format isn't raw already")
    func driver() throws {
        let raw = try rewrite("vdd", .init(.block("/dev/new"), format: "raw"))
        #expect(raw.contains("<disk type=\"block\" device=\"disk\">\n      <source dev=\"/dev/new\"/>"))
        let qcow2 = try rewrite("vdd", .init(.file("/new/a"), format: "qcow2"))
        #expect(qcow2.contains("<driver name=\"qemu\" type=\"qcow2\"/>\n      <source file=\"/new/a\"/>"))
    }

    @Test("drops a chain and keeps the run-time index")
    func drop() throws {
        let xml = try rewrite("vda", .init(.file("/new/flat.qcow2")))
        #expect(xml.contains("<source file=\"/new/flat.qcow2\" index=\"1\"/>\n      <target dev=\"vda\""))
        #expect(!xml.contains("backingStore"))
    }

    @Test("changes a chain in place where it stays as long")
    func sameLength() throws {
        let bases = [
            DiskRewrite.Base(.file("/new/mid.qcow2"), format: "qcow2"), .init(.file("/new/base.raw"), format: "raw"),
        ]
        let xml = try rewrite("vda", .init(.file("/new/top.qcow2"), backing: .chain(bases)))
        #expect(
            xml.contains(
                """
                      <source file="/new/top.qcow2" index="1"/>
                      <backingStore type="file" index="2">
                        <format type="qcow2"/>
                        <source file="/new/mid.qcow2">
                          <seclabel model="dac" relabel="no"/>
                        </source>
                        <backingStore type="file" index="3">
                          <format type="raw"/>
                          <source file="/new/base.raw"/>
                          <backingStore/>
                        </backingStore>
                      </backingStore>
                """))
    }

    @Test("writes a chain where there was none")
    func added() throws {
        let xml = try rewrite(
            "vdb", .init(.file("/new/o"), backing: .chain([.init(.file("/new/b"), format: "qcow2")])))
        #expect(
            xml.contains(
                """
                      <source file="/new/o"/>
                      <backingStore type="file">
                        <format type="qcow2"/>
                        <source file="/new/b"/>
                        <backingStore/>
                      </backingStore>
                      <target dev="vdb" bus="virtio"/>
                """))
    }

    @Test("shortens a chain to what is named")
    func shortened() throws {
        let xml = try rewrite("vda", .init(.file("/t"), backing: .chain([.init(.file("/m"), format: "raw")])))
        let disk = try DomainDescription(parsing: xml).disks[0]
        #expect(disk.backingChain == [DiskImage(source: .file("/m"), format: "raw")])
        #expect(disk.backingChainIsComplete)
        let ended = try DomainDescription(parsing: rewrite("vda", .init(.file("/t"), backing: .chain([])))).disks[0]
        #expect(ended.backingChain.isEmpty && ended.backingChainIsComplete)
    }

    @Test("takes login and servers away from network storage")
    func network() throws {
        let xml = try rewrite("vda", .init(.file("/new/a.raw"), format: "raw"), in: "ceph-rbd.xml")
        #expect(!xml.contains("mon1.example.org") && !xml.contains("<auth") && !xml.contains("rbd"))
        #expect(xml.contains("<source file=\"/new/a.raw\"/>") == false)
        let disk = try DomainDescription(parsing: xml).disks[0]
        #expect(disk.image.source == .file("/new/a.raw") && disk.secrets.isEmpty)
    }

    @Test("gives an empty drive a medium on request")
    func cdrom() throws {
        let xml = try rewrite("sdb", .init(.file("/iso/a.iso")), in: "windows-tpm-ovmf.xml")
        #expect(try DomainDescription(parsing: xml).disks[1].image.source == .file("/iso/a.iso"))
    }
}
