import Interface
import Model
import Testing

@testable import kvm_clone

@Suite struct OfflineRewriteTests {
    private let domain = """
        <domain type='kvm'>
          <name>web01</name>
          <uuid>11111111-2222-3333-4444-555555555555</uuid>
          <memory unit='KiB'>1048576</memory>
          <vcpu>1</vcpu>
          <os><type arch='x86_64'>hvm</type></os>
          <devices>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2'/>
              <source file='/images/web01.qcow2'/>
              <target dev='vda' bus='virtio'/>
            </disk>
            <interface type='network'>
              <mac address='52:54:00:11:22:33'/>
              <source network='default'/>
            </interface>
          </devices>
        </domain>
        """

    private func rewrite(_ line: String) async throws -> OfflineRewrite {
        let words = "clone \(line)".split(separator: " ").map(String.init)
        let command = try #require(try await CommandRunner.parse(words) as? CloneCommand)
        return OfflineRewrite(
            kind: .clone, file: command.xml.originalXML ?? "", operands: command.operands, copy: command.copy,
            xml: command.xml)
    }

    @Test("named parts are as named")
    func exact() async throws {
        let folder = try TemporaryFolder()
        let networks = try folder.write("default: lan\n", to: "n.yaml")
        let rewrite = try await rewrite(
            "--original-xml f --print-xml --new-name copy --uuid 123E4567-e89b-12d3-a456-426614174000 "
                + "--disk vda=/new/a.qcow2 --mac 0=52:54:00:aa:bb:cc --network-config \(networks)")
        try rewrite.check(output: nil)
        let text = try rewrite.rewrite(Array(domain.utf8))
        for part in [
            "<name>copy</name>", "<uuid>123e4567-e89b-12d3-a456-426614174000</uuid>", "/new/a.qcow2",
            "52:54:00:aa:bb:cc", "network=\"lan\"",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!text.contains("web01"))
    }

    @Test("what isn't named gets a fresh identity, but for a MAC that is to be kept")
    func fresh() async throws {
        let text = try await rewrite("--original-xml f --print-xml").rewrite(Array(domain.utf8))
        #expect(text.contains("<name>web01_clone</name>"))
        #expect(!text.contains("11111111-2222") && !text.contains("52:54:00:11:22:33"))
        let kept = try await rewrite("--original-xml f --print-xml --preserve-mac").rewrite(Array(domain.utf8))
        #expect(kept.contains("52:54:00:11:22:33"))
    }

    @Test(
        "options that mean nothing without hosts are refused",
        arguments: [
            ("--original-xml f", "print_xml"), ("--original-xml f --print-xml a b vm", "arguments"),
            ("--original-xml f --print-xml --force", "force"), ("--original-xml f --print-xml -b 5M", "bwlimit"),
            ("--original-xml f --print-xml --no-verify", "verify"), ("--original-xml f --print-xml -k /k", "ssh_key"),
        ])
    func refused(line: String, field: String) async throws {
        let rewrite = try await rewrite(line)
        let error = #expect(throws: KVMCloneError.self) { try rewrite.check(output: nil) }
        #expect(error?.field == field)
    }

    @Test(
        "wrong parts are refused",
        arguments: ["--disk vdz=/x", "--disk vda=x", "--mac 7=52:54:00:aa:bb:cc", "--mac 0=zz", "--uuid 1", "-n all"])
    func wrong(options: String) async throws {
        let rewrite = try await rewrite("--original-xml f --print-xml \(options)")
        let error = #expect(throws: KVMCloneError.self) { try rewrite.rewrite(Array(domain.utf8)) }
        #expect(error?.exitCode == .usage)
    }
}
