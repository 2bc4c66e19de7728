import YAML

/// Paths on a host and paths on this machine.
enum FilePath {
    private static let longest = 4095

    /// Checks a folder on a host: absolute, below `/`, without `.`, `..`, doubled or trailing slashes.
    static func checkHostFolder(_ text: String) throws(InvalidValue) {
        try checkCharacters(text)
        guard text.hasPrefix("/") else { throw InvalidValue("\(quoted(text)) isn't an absolute path") }
        guard text != "/" else { throw InvalidValue("'/' is too wide a folder: name one below it") }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0 == ".." || $0 == "." }) else {
            throw InvalidValue("\(quoted(text)) must not hold '.' or '..'")
        }
        guard !parts.contains("") else { throw InvalidValue("\(quoted(text)) has a slash too many") }
    }

    /// The absolute path of a file of this machine: `~/` is the home, else relative to `folder`.
    static func local(_ text: String, home: String, folder: String) throws(InvalidValue) -> String {
        try checkCharacters(text)
        if text.hasPrefix("/") { return text }
        if text.hasPrefix("~/") { return join(home, text.dropFirst(2)) }
        guard !text.hasPrefix("~") else {
            throw InvalidValue("\(quoted(text)): only ~/ is expanded, not another user's home")
        }
        var rest = text[...]
        while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
        return join(folder, rest)
    }

    private static func join(_ folder: String, _ rest: Substring) -> String {
        folder.hasSuffix("/") ? folder + rest : "\(folder)/\(rest)"
    }

    private static func checkCharacters(_ text: String) throws(InvalidValue) {
        guard !text.isEmpty else { throw InvalidValue("the path is empty") }
        guard text.utf8.count <= longest else { throw InvalidValue("the path is longer than \(longest) bytes") }
        guard !text.unicodeScalars.contains(where: { Words.isControl($0) }) else {
            throw InvalidValue("\(quoted(text)) holds a control character")
        }
    }
}
