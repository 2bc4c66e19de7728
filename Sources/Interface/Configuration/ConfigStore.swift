import FoundationEssentials
import Glibc
import Model
import YAML

/// Writes the user's configuration file. All of it blocks as the file's medium does.
public struct ConfigStore: Sendable {
    /// The file.
    public let path: String

    /// A store for the file at `path`; the file needn't exist.
    public init(path: String) { self.path = path }

    /// Sets one key; makes the file where it is missing.
    public func set(_ name: String, to value: String) throws(KVMCloneError) {
        var editor = try editor()
        try editor.set(try Self.key(name), to: value)
        try write(editor.text)
    }

    /// Takes one key out. Returns false when the file doesn't have it.
    public func unset(_ name: String) throws(KVMCloneError) -> Bool {
        var editor = try editor()
        guard try editor.unset(try Self.key(name)) else { return false }
        try write(editor.text)
        return true
    }

    /// Writes a file with all keys as comments. Refuses to overwrite one.
    public func initialize() throws(KVMCloneError) {
        guard access(path, F_OK) != 0 else {
            throw KVMCloneError(
                .configuration, "\(path) exists already", whatToDo: "change it with `kvm-clone config set`",
                field: "config", exitCode: .exists)
        }
        try write(Self.template)
    }

    /// The key called `name`; throws with a suggestion when there is none.
    public static func key(_ name: String) throws(KVMCloneError) -> ConfigKey {
        guard let key = ConfigKey(rawValue: name) else {
            throw KVMCloneError(
                .validation, "there is no key '\(Validation.printable(name))'",
                whatToDo: Advice.forWord(name, among: ConfigKey.allCases.map(\.rawValue)), field: "key")
        }
        return key
    }

    /// All keys with their meaning and default, commented out.
    static var template: String {
        var text = "# kvm-clone's configuration. Uncomment what you change.\n"
        var section: String?
        for key in ConfigKey.allCases {
            if key.section != section {
                section = key.section
                text += section.map { "\n\($0):\n" } ?? ""
            }
            let indent = key.section == nil ? "" : "  "
            text += "\(indent)# \(key.summary)\n\(indent)# \(key.name): \(key.defaultValue ?? "null")\n"
        }
        return text
    }

    private func editor() throws(KVMCloneError) -> ConfigEditor {
        let bytes = try ConfigFiles.bytes(of: path) ?? []
        return try ConfigEditor(text: String(decoding: bytes, as: UTF8.self), path: path)
    }

    private func write(_ text: String) throws(KVMCloneError) {
        do {
            try AtomicFile.write(Array(text.utf8), to: path)
        } catch {
            throw KVMCloneError(
                .configuration, "can't write '\(Validation.printable(path))'", cause: error.description,
                whatToDo: "check the folder's permissions and space", field: "config")
        }
    }
}
