import ArgumentParser
import Interface
import Model
import Testing

@testable import kvm_clone

@Suite struct ParsingTests {
    private let paths = ConfigPaths(environment: ["HOME": "/nowhere"], isRoot: false)

    private func parse<Command>(_ line: String, as type: Command.Type = Command.self) async throws -> Command {
        let words = line.split(separator: " ").map(String.init)
        let command = try await CommandRunner.parse(Arguments.current(for: words))
        return try #require(command as? Command)
    }

    private func copy(_ line: String) async throws -> CopyRun {
        let command = try await parse(line, as: CloneCommand.self)
        return CopyRun(
            kind: .clone, operands: command.operands, copy: command.copy, xml: command.xml, global: command.global)
    }

    private func configuration(_ run: CopyRun) throws -> Configuration {
        try Configuration(flags: run.copy.transfer.flags, environment: [:], files: [], paths: paths)
    }

    @Test(
        "global options stand before or after the command",
        arguments: [
            "-o json -t f.yaml list kvm1", "list kvm1 -o json -t f.yaml", "-o json list -t f.yaml kvm1",
            "--output=json list --topology f.yaml kvm1",
        ])
    func globals(line: String) async throws {
        let command = try await parse(line, as: ListCommand.self)
        #expect(command.global.output == .json)
        #expect(command.global.topology == "f.yaml")
        #expect(command.hosts == ["kvm1"])
    }

    @Test(
        "the commands for operations take what they should",
        arguments: [
            "op list --all -o wide", "op show AB", "op logs AB --follow -o json", "op wait AB CD --timeout 5",
            "op cancel AB --no-wait", "op cleanup AB CD", "op cleanup --all --dry-run", "op cleanup --dry-run",
            "status --active", "status AB --follow", "status --follow",
        ])
    func operations(line: String) async throws {
        _ = try await CommandRunner.parse(line.split(separator: " ").map(String.init))
    }

    @Test(
        "and refuse what makes no sense",
        arguments: [
            "op show", "op wait", "op cancel", "op cleanup", "op cleanup AB --all", "op frob", "status --follow --all",
            "status AB --all",
        ])
    func wrongOperations(line: String) async throws {
        await #expect(throws: UnparsedCommand.self) {
            _ = try await CommandRunner.parse(line.split(separator: " ").map(String.init))
        }
    }

    @Test("globals reach commands of the second level too")
    func nested() async throws {
        let command = try await parse("-o yaml config show --origin", as: ConfigCommand.Show.self)
        #expect(command.global.output == .yaml)
        #expect(command.origin)
    }

    @Test(
        "targets may stand with commas or as words",
        arguments: ["clone a b,c,d vm", "clone a b c d vm", "clone a b,c d vm", "clone -f a b,c -p 3 d vm"])
    func targets(line: String) async throws {
        let run = try await copy(line)
        let request = try run.request(configuration(run))
        #expect(request.source == "a")
        #expect(request.targets == ["b", "c", "d"])
        #expect(request.vm == "vm")
    }

    @Test("all options of a copy reach the request")
    func options() async throws {
        let run = try await copy(
            "clone a b vm -n new -f -p 5 --compress --no-verify --timeout 9 --deadline 100 --preserve-mac --pool fast "
                + "-b 50M --view guest --flatten --copy-media --path direct")
        let options = try run.request(configuration(run)).options
        var expected = CloneOptions()
        expected.newName = "new"
        expected.force = true
        expected.parallel = 5
        expected.compression = .on
        expected.verify = false
        expected.stallTimeout = 9
        expected.deadline = 100
        expected.preserveMAC = true
        expected.pool = "fast"
        expected.bandwidthLimit = Timetable(bytesPerSecond: 50 << 20)
        expected.view = .guest
        expected.flatten = true
        expected.copyMedia = true
        expected.path = .direct
        #expect(options == expected)
    }

    @Test(
        "compression and verification: on, off, or as configured",
        arguments: [
            ("", CloneOptions.Compression.auto, true), ("--compress --verify", .on, true),
            ("--no-compress --no-verify", .off, false),
        ])
    func flags(options: String, compression: CloneOptions.Compression, verify: Bool) async throws {
        let run = try await copy("clone a b vm \(options)")
        let request = try run.request(configuration(run))
        #expect(request.options.compression == compression)
        #expect(request.options.verify == verify)
    }

    @Test("without options the request has the library's own defaults")
    func defaults() async throws {
        let run = try await copy("clone a b vm")
        #expect(try run.request(configuration(run)).options == CloneOptions())
    }

    @Test(
        "wrong values have their code and field",
        arguments: [
            ("clone a b vm --ssh-port 0", ErrorCode.invalidPort, "ssh_port"),
            ("clone a b vm --ssh-port abc", .invalidPort, "ssh_port"),
            ("clone a b vm --timeout 86401", .invalidTimeout, "timeout"),
            ("clone a b vm --deadline 0", .invalidTimeout, "deadline"),
            ("clone a b vm --parallel 17", .validation, "parallel"),
            ("clone a b vm --bwlimit 5X", .invalidBandwidth, "bwlimit"),
            ("clone a b vm --bwlimit 08:00,5M,6M", .invalidBandwidth, "bwlimit"),
            ("clone a b vm -n all", .invalidVMName, "vm_name"), ("clone a b v/m", .invalidVMName, "vm_name"),
            ("clone a! b vm", .invalidHost, "source_host"), ("clone a b! vm", .invalidHost, "dest_host"),
            ("clone a b,,c vm", .invalidHost, "dest_host"), ("clone a a vm", .validation, "dest_host"),
            ("clone a b,b vm", .validation, "dest_host"), ("clone a b", .validation, "arguments"),
            ("clone", .validation, "arguments"), ("clone a b vm --pool a/b", .validation, "pool"),
            ("clone a b vm --network-config /nowhere", .invalidPath, "network_config"),
            ("clone a b vm --uuid x", .validation, "uuid"), ("clone a b vm --mac 0=x", .validation, "mac"),
            ("clone a b vm --print-xml -o json", .validation, "output"),
        ])
    func wrong(line: String, code: ErrorCode, field: String) async throws {
        let run = try await copy(line)
        let error = #expect(throws: KVMCloneError.self) { try run.request(configuration(run)) }
        #expect(error?.code == code)
        #expect(error?.field == field)
        #expect(error?.exitCode == .usage)
    }

    @Test(
        "hosts may be names, user@name, addresses, URIs and ranges",
        arguments: ["kvm1", "root@kvm1", "10.0.0.1", "fe80::1", "qemu+ssh://kvm1/system", "kvm[2:4]"])
    func hosts(host: String) { #expect(throws: Never.self) { try CopyOperands.checkHost(host, field: "host") } }

    @Test(
        "the older form is a clone",
        arguments: [
            ("--src A --dst B VM", ["clone", "A", "B", "VM"]),
            ("--src=A VM --dst=B -f", ["clone", "A", "B", "VM", "-f"]),
            ("clone a b vm", ["clone", "a", "b", "vm"]), ("--src A VM", ["--src", "A", "VM"]),
            ("-o json --src A --dst B VM", ["clone", "A", "B", "-o", "json", "VM"]),
        ])
    func olderForm(line: String, expected: [String]) {
        #expect(Arguments.current(for: line.split(separator: " ").map(String.init)) == expected)
    }

    @Test(
        "an unknown command gets a suggestion",
        arguments: [
            ("clon a b c", "did you mean 'clone'?"), ("-o json lst", "did you mean 'list'?"),
            ("-q replicat", "did you mean 'replicate'?"),
        ])
    func unknownCommand(line: String, advice: String) async {
        let error = await #expect(throws: KVMCloneError.self) {
            try await CommandRunner.parse(line.split(separator: " ").map(String.init))
        }
        #expect(error?.whatToDo == advice)
        #expect(error?.exitCode == .usage)
    }

    @Test(
        "what the parser refuses becomes a usage error",
        arguments: [
            "clone --forc a b c", "list --status sleeping", "clone a b c --view raw", "-q -v list",
            "list --format json -o yaml", "status --follow --active", "status -a --active", "config set ssh.port",
        ])
    func unparsable(line: String) async {
        let error = await #expect(throws: UnparsedCommand.self) {
            try await CommandRunner.parse(line.split(separator: " ").map(String.init))
        }
        #expect(error?.described.exitCode == .usage)
        #expect(error?.described.message.isEmpty == false)
    }

    @Test(
        "the format of errors is found in arguments that can't be parsed",
        arguments: [
            (["clone", "--forc", "-o", "json"], OutputFormat.json), (["--output=yaml", "x"], .yaml),
            (["-o", "json", "-o", "text"], .text), (["-o"], .text), (["--", "-o", "json"], .text),
        ])
    func errorFormat(arguments: [String], format: OutputFormat) {
        #expect(Arguments.outputFormat(arguments, [:]) == format)
        #expect(Arguments.outputFormat(["list"], ["KVM_CLONE_OUTPUT": "json"]) == .json)
    }

    @Test("completion scripts exist for three shells", arguments: [CompletionShell.bash, .zsh, .fish])
    func completion(shell: CompletionShell) {
        let script = RootCommand.completionScript(for: shell)
        #expect(script.contains("replicate") && script.contains("bwlimit"))
    }
}
