import Model
import Testing

@testable import Interface

@Suite struct ConfigFileTests {
    @Test("all nested keys are read with their lines")
    func keys() throws {
        let text = """
            topology: fleet.yaml
            ssh:
              port: 2222
              key_path: ~/.ssh/id_ed25519
            transfer:
              compress: false
              bandwidth_limit: null
            logging: {level: WARN, max_size: 10MB}
            libvirt:
            """
        let file = try ConfigFile(parsing: Array(text.utf8), path: "c.yaml")
        #expect(file.entries[.sshPort]?.value == "2222")
        #expect(file.entries[.sshPort]?.mark.line == 3)
        #expect(file.entries[.transferBandwidthLimit]?.value == nil)
        #expect(file.entries[.transferBandwidthLimit]?.mark.line == 7)
        #expect(file.entries[.loggingLevel]?.value == "WARN")
        #expect(file.entries.count == 7)
    }

    @Test("an empty file sets nothing", arguments: ["", "# only a comment\n", "ssh:\n"])
    func empty(text: String) throws {
        #expect(try ConfigFile(parsing: Array(text.utf8), path: "c.yaml").entries.isEmpty)
    }

    @Test(
        "a bad file is refused at its place, with the key or a suggestion",
        arguments: [
            ("ssh:\n  prot: 22", "c.yaml:2:3:", "port"), ("shs: {}", "c.yaml:1:1:", "ssh"),
            ("ssh:\n  port: 99999", "c.yaml:2:9:", "ssh.port"), ("ssh:\n  port: [22]", "c.yaml:2:9:", "one value"),
            ("ssh: 22", "c.yaml:1:6:", "mapping"), ("- ssh", "c.yaml:1:1:", "mapping"),
            ("ssh: {port: 22", "c.yaml:2:1:", "expected"), ("ssh:\n  port: 22\n  port: 23", "c.yaml:3:3:", "port"),
            ("transfer:\n  parallel: 99", "c.yaml:2:13:", "1 to 16"), ("output: xml", "c.yaml:1:9:", "json"),
            ("logging:\n  level: LOUD", "c.yaml:2:10:", "DEBUG"),
        ])
    func bad(text: String, place: String, part: String) {
        let error = #expect(throws: KVMCloneError.self) { try ConfigFile(parsing: Array(text.utf8), path: "c.yaml") }
        #expect(error?.code == .configuration)
        #expect(error?.exitCode == .configuration)
        #expect(error?.message.hasPrefix(place) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
}
