import Foundation
import Model
import Testing

@testable import Interface

@Suite struct ConfigStoreTests {
    @Test(
        "setting a key changes its line alone",
        arguments: [
            ("ssh:\n  port: 22  # ours\n", "ssh.port", "2222", "ssh:\n  port: 2222  # ours\n"),
            (
                "# top\nssh:\n    user: me\n\noutput: json\n", "ssh.port", "2222",
                "# top\nssh:\n    user: me\n    port: 2222\n\noutput: json\n"
            ),
            ("output: json\n", "ssh.port", "2222", "output: json\nssh:\n  port: 2222\n"),
            ("", "transfer.verify", "false", "transfer:\n  verify: false\n"),
            ("ssh:\n# none yet\n", "ssh.user", "me", "ssh:\n  user: me\n# none yet\n"),
            ("output: \"json\" # '#'\n", "output", "yaml", "output: yaml  # '#'\n"),
            ("ssh:\n  user: null\n", "ssh.user", "123", "ssh:\n  user: 123\n"),
            ("logging:\n  file: /a#b\n", "logging.file", "/c #d", "logging:\n  file: \"/c #d\"\n"),
            ("output: json", "topology", "/t", "output: json\ntopology: /t\n"),
        ])
    func set(before: String, key: String, value: String, after: String) throws {
        var editor = try ConfigEditor(text: before, path: "c.yaml")
        try editor.set(try ConfigStore.key(key), to: value)
        #expect(editor.text == after)
        #expect(
            try ConfigFile(parsing: Array(editor.text.utf8), path: "c").entries[ConfigStore.key(key)]?.value == value)
    }

    @Test("unsetting takes the line out, and says when there is none")
    func unset() throws {
        var editor = try ConfigEditor(text: "ssh:\n  port: 22\n  user: me # x\n", path: "c.yaml")
        #expect(try editor.unset(.sshUser))
        #expect(editor.text == "ssh:\n  port: 22\n")
        #expect(try !editor.unset(.sshUser))
        #expect(try editor.unset(.sshPort))
        #expect(editor.text == "ssh:\n")
    }

    @Test(
        "a file in another style is left alone and refused",
        arguments: ["ssh: {port: 22}\n", "ssh:\n  port:\n    22\n", "ssh: {\n  port: 22 }\n"])
    func refused(text: String) throws {
        var editor = try ConfigEditor(text: text, path: "c.yaml")
        let error = #expect(throws: KVMCloneError.self) { try editor.set(.sshPort, to: "23") }
        #expect(error?.code == .configuration)
        #expect(error?.whatToDo?.contains("by hand") == true)
        #expect(editor.text == text)
    }

    @Test("a wrong value and an unknown key change nothing")
    func invalid() throws {
        let folder = try TemporaryFolder()
        let store = ConfigStore(path: try folder.write("ssh:\n  port: 22\n", to: "config.yaml"))
        #expect(throws: KVMCloneError.self) { try store.set("ssh.port", to: "0") }
        let error = #expect(throws: KVMCloneError.self) { try store.set("ssh.prot", to: "1") }
        #expect(error?.whatToDo == "did you mean 'ssh.port'?")
        #expect(try folder.read("config.yaml") == "ssh:\n  port: 22\n")
    }

    @Test("files are replaced as a whole, behind links too, and keep their permissions")
    func atomic() throws {
        let folder = try TemporaryFolder()
        let real = try folder.write("output: json\n", to: "real.yaml")
        let link = "\(folder.path)/config.yaml"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: real)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: real)
        try ConfigStore(path: link).set("output", to: "yaml")
        #expect(try folder.read("real.yaml") == "output: yaml\n")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == real)
        let mode = try FileManager.default.attributesOfItem(atPath: real)[.posixPermissions] as? Int
        #expect(mode == 0o640)
        #expect(folder.names == ["config.yaml", "real.yaml"])
    }

    @Test("init writes commented defaults, which set nothing, and never overwrites")
    func initialize() throws {
        let folder = try TemporaryFolder()
        let store = ConfigStore(path: "\(folder.path)/new/config.yaml")
        try store.initialize()
        let text = try folder.read("new/config.yaml")
        #expect(try ConfigFile(parsing: Array(text.utf8), path: "c").entries.isEmpty)
        for key in ConfigKey.allCases { #expect(text.contains("# \(key.name): ")) }
        try store.set("ssh.port", to: "2222")
        let error = #expect(throws: KVMCloneError.self) { try store.initialize() }
        #expect(error?.exitCode == .exists)
        #expect(try folder.read("new/config.yaml").contains("port: 2222"))
    }

    @Test("the user's file is read, the old place only without it and with a note, a named one must exist")
    func files() throws {
        let folder = try TemporaryFolder()
        var paths = ConfigPaths(
            environment: ["HOME": folder.path], isRoot: false, systemFolder: "\(folder.path)/etc")
        _ = try folder.write("output: yaml\n", to: "etc/kvm-clone/config.yaml")
        let old = try folder.write("output: json\n", to: ".kvm-clone/config.yaml")
        let before = try ConfigFiles(explicit: nil, paths: paths)
        #expect(before.files.map(\.path) == [old, paths.systemFile])
        #expect(before.notes.count == 1)
        let user = try folder.write("output: wide\n", to: ".config/kvm-clone/config.yaml")
        let after = try ConfigFiles(explicit: nil, paths: paths)
        #expect(after.files.map(\.path) == [user, paths.systemFile])
        #expect(after.notes.isEmpty)
        #expect(throws: KVMCloneError.self) { try ConfigFiles(explicit: "/nowhere.yaml", paths: paths) }
        paths.userFile = folder.path
        #expect(throws: KVMCloneError.self) { try ConfigFiles(explicit: nil, paths: paths) }
    }
}
