import Model
import YAML

/// Changes single keys in the text of a configuration file. All other lines, comments included, stay as they are.
/// A file that is written in a way that this can't do (a section in braces, a value over several lines) is refused.
public struct ConfigEditor: Sendable {
    private let path: String
    private var lines: [String]

    /// An editor for the file's text, which must be a valid configuration.
    public init(text: String, path: String) throws(KVMCloneError) {
        _ = try ConfigFile(parsing: Array(text.utf8), path: path)
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        while lines.last?.isEmpty == true { lines.removeLast() }
    }

    /// The file's text as it is now, ended with a newline.
    public var text: String { lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n" }

    /// Sets a key. Throws when the key doesn't take the value, or when the file must be edited by hand.
    public mutating func set(_ key: ConfigKey, to value: String) throws(KVMCloneError) {
        try key.validate(value)
        try change(key, to: value) { editor, place throws(KVMCloneError) in
            switch place {
            case .entry(let entry): try editor.replaceValue(of: entry, with: value)
            case .section(let section, let inner): editor.insert(key, value, in: section, inner)
            case .nowhere: editor.append(key, value)
            }
        }
    }

    /// Takes a key out. Returns false when the file doesn't have it.
    public mutating func unset(_ key: ConfigKey) throws(KVMCloneError) -> Bool {
        guard case .entry(let entry) = try place(of: key) else { return false }
        try change(key, to: nil) { editor, _ throws(KVMCloneError) in
            editor.lines.remove(at: entry.keyMark.line - 1)
        }
        return true
    }

    private enum Place {
        case entry(YAMLEntry)
        case section(YAMLEntry, [YAMLEntry])
        case nowhere
    }

    private func place(of key: ConfigKey) throws(KVMCloneError) -> Place {
        let root: YAMLNode
        do {
            root = try YAMLLoader.load(text, file: path)
        } catch {
            throw KVMCloneError(.configuration, error.description, whatToDo: "edit the file by hand", field: path)
        }
        guard case .mapping(let top) = root.content else { return .nowhere }
        guard let name = key.section else {
            return top.first { $0.key == key.name }.map { .entry($0) } ?? .nowhere
        }
        guard let section = top.first(where: { $0.key == name }) else { return .nowhere }
        guard case .mapping(let inner) = section.value.content else { return .section(section, []) }
        return inner.first { $0.key == key.name }.map { .entry($0) } ?? .section(section, inner)
    }

    /// Makes a change and keeps it only if the file then says what it said before, but for `key`.
    private mutating func change(
        _ key: ConfigKey, to value: String?,
        _ edit: (inout ConfigEditor, Place) throws(KVMCloneError) -> Void
    ) throws(KVMCloneError) {
        var copy = self
        try edit(&copy, try place(of: key))
        let before = try ConfigFile(parsing: Array(text.utf8), path: path).entries.mapValues(\.value)
        let after = try? ConfigFile(parsing: Array(copy.text.utf8), path: path).entries.mapValues(\.value)
        var expected = before
        expected[key] = value.map { .some($0) }
        guard let after, after == expected else {
            throw KVMCloneError(
                .configuration, "\(path) is written in a way that can't be changed line by line",
                whatToDo: "edit the file by hand: \(key.rawValue)", field: key.rawValue)
        }
        self = copy
    }

    private mutating func replaceValue(of entry: YAMLEntry, with value: String) throws(KVMCloneError) {
        let index = entry.keyMark.line - 1
        let line = lines[index]
        guard entry.value.mark.line == entry.keyMark.line || entry.value.isNull, let colon = line.firstIndex(of: ":")
        else {
            throw KVMCloneError(
                .configuration, "\(path):\(entry.keyMark.line): the value is written over several lines",
                whatToDo: "edit the file by hand", field: entry.key)
        }
        lines[index] = line[...colon] + " " + Self.scalar(value) + Self.comment(in: line[line.index(after: colon)...])
    }

    /// The comment behind a value, with the space before it; empty when there is none.
    private static func comment(in text: Substring) -> String {
        var quote: Character?
        var previous: Character = " "
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "#", previous == " " || previous == "\t" {
                return "  " + text[index...]
            }
            previous = character
        }
        return ""
    }

    private mutating func insert(_ key: ConfigKey, _ value: String, in section: YAMLEntry, _ inner: [YAMLEntry]) {
        let indent = String(repeating: " ", count: inner.first.map { $0.keyMark.column - 1 } ?? 2)
        let line = inner.map(\.keyMark.line).max() ?? section.keyMark.line
        lines.insert("\(indent)\(key.name): \(Self.scalar(value))", at: line)
    }

    private mutating func append(_ key: ConfigKey, _ value: String) {
        if let section = key.section {
            lines.append("\(section):")
            lines.append("  \(key.name): \(Self.scalar(value))")
        } else {
            lines.append("\(key.name): \(Self.scalar(value))")
        }
    }

    /// The value as one YAML scalar: numbers and truth values plain, as people write them.
    private static func scalar(_ value: String) -> String {
        let isPlain = ["true", "false"].contains(value) || (Int(value).map { String($0) == value } ?? false)
        guard !isPlain else { return value }
        var text = YAMLEmitter.emit(.string(value))
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
