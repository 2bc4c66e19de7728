/// A fixed command: its words are chosen by the program. Parameters from outside travel as data on stdin.
public struct RemoteCommand: Sendable, Equatable {
    /// One word of a command.
    public enum Word: Sendable, Equatable {
        /// Letters, digits and `_ . / : = , @ % + ~ -`; nothing in it is expanded.
        case text(String)
        /// A path below the home folder of the user over there, of the same characters.
        case home(String)
    }

    enum Form: Equatable, Sendable {
        case program([Word])
        case script(String, [Word])
    }

    let form: Form

    /// A program and its arguments; the first word is the program, looked up on PATH if it has no slash.
    public init(_ words: [Word]) throws(SSHError) {
        guard !words.isEmpty else { throw .invalid("a command has no words") }
        for word in words { try word.validate() }
        form = .program(words)
    }

    /// A POSIX shell script that is written in the program's source, with `arguments` as `$1`, `$2`, …
    public init(script: StaticString, arguments: [Word] = []) throws(SSHError) {
        for word in arguments { try word.validate() }
        form = .script("\(script)", arguments)
    }

    /// The command for a POSIX shell: each word quoted, and the shell replaced by the program.
    var shellLine: String {
        switch form {
        case .program(let words): "exec " + words.map(\.shellForm).joined(separator: " ")
        case .script(let script, let words):
            (["exec sh -c", shellQuoted(script), "sh"] + words.map(\.shellForm)).joined(separator: " ")
        }
    }

    /// The command as an argument vector for this machine, without any shell of ours.
    func arguments(home: String) -> [String] {
        switch form {
        case .program(let words): words.map { $0.plain(home: home) }
        case .script(let script, let words): ["/bin/sh", "-c", script, "sh"] + words.map { $0.plain(home: home) }
        }
    }
}

extension RemoteCommand.Word {
    fileprivate func validate() throws(SSHError) {
        let (value, what) =
            switch self {
            case .text(let value): (value, "word")
            case .home(let value): (value, "path")
            }
        guard !value.isEmpty, value.utf8.count <= 4096 else {
            throw .invalid("a \(what) of a command has \(value.utf8.count) bytes; 1 to 4096 are allowed")
        }
        guard value.utf8.allSatisfy(isAllowed) else {
            throw .invalid("a \(what) of a command has a character that isn't allowed")
        }
        if case .home(let path) = self, path.hasPrefix("/") || path.split(separator: "/").contains("..") {
            throw .invalid("a path below the home folder must be relative, without ..")
        }
    }

    fileprivate var shellForm: String {
        switch self {
        case .text(let value): shellQuoted(value)
        case .home(let path): "\"$HOME\"/" + shellQuoted(path)
        }
    }

    fileprivate func plain(home: String) -> String {
        switch self {
        case .text(let value): value
        case .home(let path): home + "/" + path
        }
    }
}

private func isAllowed(_ byte: UInt8) -> Bool {
    isPlain(byte) || byte == UInt8(ascii: "~")
}

/// Letters, digits and punctuation that no shell treats specially anywhere in a word.
private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "_./:=,@%+-".utf8.contains(byte)
    }
}

/// `word` as one word of a POSIX shell, in single quotes unless it needs none.
func shellQuoted(_ word: String) -> String {
    if !word.isEmpty, word.utf8.allSatisfy({ isPlain($0) && $0 != UInt8(ascii: "=") }) { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
