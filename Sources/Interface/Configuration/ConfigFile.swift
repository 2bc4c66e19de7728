import Model
import YAML

/// What a configuration file sets, and where.
public struct ConfigFile: Sendable, Equatable {
    /// One setting; a nil value, `null` in the file, takes a setting of a lower file back.
    public struct Entry: Sendable, Equatable {
        /// The value as text.
        public var value: String?
        /// Its place.
        public var mark: YAMLMark
    }

    /// The file's path.
    public var path: String
    /// Its settings.
    public var entries: [ConfigKey: Entry]

    /// Reads a configuration. Unknown keys, wrong values and everything that the strict YAML loader refuses throw an
    /// error with `path:line:column`.
    public init(parsing text: [UInt8], path: String) throws(KVMCloneError) {
        self.path = path
        entries = [:]
        do {
            let root = try YAMLLoader.load(bytes: text, file: path)
            if root.isNull { return }
            let sections = Self.names { $0.section }
            let top = try root.mapping(allowing: sections + ConfigKey.allCases.filter { $0.section == nil }.map(\.name))
            for entry in top.entries {
                if let key = ConfigKey(rawValue: entry.key) {
                    try add(key, entry.value)
                    continue
                }
                if entry.value.isNull { continue }
                let keys = ConfigKey.allCases.filter { $0.section == entry.key }
                for inner in try entry.value.mapping(allowing: keys.map(\.name)).entries {
                    if let key = keys.first(where: { $0.name == inner.key }) { try add(key, inner.value) }
                }
            }
        } catch {
            throw KVMCloneError(
                .configuration, error.inFile(path).description, whatToDo: "edit the file; `config init` shows all keys",
                field: path)
        }
    }

    private mutating func add(_ key: ConfigKey, _ node: YAMLNode) throws(YAMLError) {
        guard case .scalar(let scalar) = node.content else { throw node.mismatch("one value") }
        guard scalar.tag != .null else {
            entries[key] = Entry(value: nil, mark: node.mark)
            return
        }
        do {
            try key.validate(scalar.text)
        } catch {
            let advice = error.whatToDo.map { ": \($0)" } ?? ""
            throw YAMLError("\(key.rawValue): \(error.message)\(advice)", at: node.mark)
        }
        entries[key] = Entry(value: scalar.text, mark: node.mark)
    }

    private static func names(_ name: (ConfigKey) -> String?) -> [String] {
        var names: [String] = []
        for key in ConfigKey.allCases {
            if let name = name(key), !names.contains(name) { names.append(name) }
        }
        return names
    }
}
