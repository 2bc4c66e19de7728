import Model
import Testing

@testable import Interface

@Suite struct ConfigurationTests {
    private let paths = ConfigPaths(environment: ["HOME": "/home/me"], isRoot: false)

    private func file(_ path: String, _ text: String) throws -> ConfigFile {
        try ConfigFile(parsing: Array(text.utf8), path: path)
    }

    @Test(
        "flag wins over environment, user's file, machine's file and default",
        arguments: [
            (true, true, true, true, "1", "--ssh-timeout"), (false, true, true, true, "2", "KVM_CLONE_SSH_TIMEOUT"),
            (false, false, true, true, "3", "/user:2"), (false, false, false, true, "4", "/system:2"),
            (false, false, false, false, "30", "default"),
        ])
    func precedence(
        flag: Bool, environment: Bool, user: Bool, system: Bool, value: String, origin: String
    ) throws {
        var files: [ConfigFile] = []
        if user { files.append(try file("/user", "ssh:\n  timeout: 3")) }
        if system { files.append(try file("/system", "ssh:\n  timeout: 4")) }
        let configuration = try Configuration(
            flags: flag ? [.sshTimeout: .init("--ssh-timeout", "1")] : [:],
            environment: environment ? ["KVM_CLONE_SSH_TIMEOUT": "2"] : [:], files: files, paths: paths)
        #expect(configuration.text(.sshTimeout) == value)
        #expect(configuration[.sshTimeout].origin.description == origin)
    }

    @Test("null in the user's file takes the machine's setting back")
    func null() throws {
        let files = [
            try file("/user", "transfer:\n  bandwidth_limit: null"),
            try file("/system", "transfer:\n  bandwidth_limit: 5M"),
        ]
        let configuration = try Configuration(environment: [:], files: files, paths: paths)
        #expect(configuration.bandwidthLimit == nil)
        #expect(configuration[.transferBandwidthLimit].origin == .file("/user", line: 2))
    }

    @Test("a limit may be a timetable, and off is none", arguments: ["08:00,10M 19:00,off", "off", "10M"])
    func limits(text: String) throws {
        let files = [try file("/user", "transfer:\n  bandwidth_limit: '\(text)'")]
        let configuration = try Configuration(environment: [:], files: files, paths: paths)
        #expect(try configuration.bandwidthLimit == (text == "off" ? nil : Timetable(parsing: text)))
    }

    @Test("an empty variable is the same as none")
    func emptyVariable() throws {
        let configuration = try Configuration(environment: ["KVM_CLONE_OUTPUT": ""], files: [], paths: paths)
        #expect(configuration.output == .text)
    }

    @Test("a wrong variable is a configuration error, a wrong flag a usage error")
    func wrongValues() {
        let variable = #expect(throws: KVMCloneError.self) {
            try Configuration(environment: ["KVM_CLONE_SSH_PORT": "x"], files: [], paths: paths)
        }
        #expect(variable?.exitCode == .configuration)
        #expect(variable?.field == "KVM_CLONE_SSH_PORT")
        let flag = #expect(throws: KVMCloneError.self) {
            try Configuration(flags: [.sshPort: .init("--ssh-port", "x")], environment: [:], files: [], paths: paths)
        }
        #expect(flag?.code == .invalidPort)
        #expect(flag?.field == "ssh_port")
    }

    @Test("paths are resolved against home and the file that names them")
    func pathsInFiles() throws {
        let files = [try file("/etc/kvm-clone/config.yaml", "topology: fleet.yaml\nssh: {key_path: ~/k}")]
        let configuration = try Configuration(environment: [:], files: files, paths: paths)
        #expect(configuration.text(.topology) == "/etc/kvm-clone/fleet.yaml")
        #expect(configuration.text(.sshKeyPath) == "/home/me/k")
    }

    @Test("every default passes its own rule, and has a variable of its own", arguments: ConfigKey.allCases)
    func defaults(key: ConfigKey) throws {
        if let value = key.defaultValue { try key.validate(value) }
        #expect(!key.summary.isEmpty)
        #expect(ConfigKey.allCases.filter { $0.environmentName == key.environmentName } == [key])
    }

    @Test(
        "folders follow XDG, and ignore relative ones",
        arguments: [
            (["HOME": "/h"], false, "/h/.config/kvm-clone/config.yaml", "/h/.local/state/kvm-clone"),
            (["HOME": "/root"], true, "/root/.config/kvm-clone/config.yaml", "/var/lib/kvm-clone"),
            (
                ["HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"], true, "/c/kvm-clone/config.yaml",
                "/s/kvm-clone"
            ),
            (
                ["HOME": "/h", "XDG_CONFIG_HOME": "c"], false, "/h/.config/kvm-clone/config.yaml",
                "/h/.local/state/kvm-clone"
            ),
            (
                ["HOME": "/h", "XDG_STATE_HOME": "/s", "KVM_CLONE_STATE": "/k"], false,
                "/h/.config/kvm-clone/config.yaml", "/k"
            ),
        ])
    func folders(environment: [String: String], isRoot: Bool, user: String, state: String) {
        let paths = ConfigPaths(environment: environment, isRoot: isRoot)
        #expect(paths.userFile == user)
        #expect(paths.stateFolder == state)
        #expect(paths.systemFile == "/etc/kvm-clone/config.yaml")
    }
}
