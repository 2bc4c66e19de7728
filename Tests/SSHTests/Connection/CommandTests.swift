import Testing

@testable import SSH

@Suite("Commands and quoting")
struct CommandTests {
    @Test(
        "a word is one word of a POSIX shell",
        arguments: [
            ("plain-1.2_3/x:4", "plain-1.2_3/x:4"), ("", "''"), ("a b", "'a b'"), ("$HOME", "'$HOME'"),
            ("it's", "'it'\\''s'"), ("~", "'~'"), ("A=b", "'A=b'"), ("`id`;\n", "'`id`;\n'"),
        ])
    func quoting(word: String, quoted: String) {
        #expect(shellQuoted(word) == quoted)
    }

    @Test("a program below the home folder is found through $HOME, or directly on this machine")
    func home() throws {
        let command = try RemoteCommand([.text("sudo"), .text("-n"), .home(".cache/kvm-clone/agent"), .text("--x=~")])
        #expect(command.shellLine == "exec sudo -n \"$HOME\"/.cache/kvm-clone/agent '--x=~'")
        #expect(command.arguments(home: "/h") == ["sudo", "-n", "/h/.cache/kvm-clone/agent", "--x=~"])
    }

    @Test("a script's arguments are its positional parameters")
    func script() throws {
        let command = try RemoteCommand(script: "cat > \"$1\"", arguments: [.home("a/b")])
        #expect(command.shellLine == "exec sh -c 'cat > \"$1\"' sh \"$HOME\"/a/b")
        #expect(command.arguments(home: "/h") == ["/bin/sh", "-c", "cat > \"$1\"", "sh", "/h/a/b"])
    }

    @Test(
        "words with characters of shells, and paths out of the home folder, are refused",
        arguments: [
            RemoteCommand.Word.text(""), .text("a b"), .text("$(id)"), .text("a\nb"), .text("a'b"), .text("é"),
            .text(String(repeating: "a", count: 4097)), .home("../x"), .home("/etc/passwd"), .home("a/../../b"),
        ])
    func refused(word: RemoteCommand.Word) {
        #expect { try RemoteCommand([word]) } throws: { error in
            if case .invalid? = error as? SSHError { true } else { false }
        }
    }

    @Test("a command without words is refused")
    func empty() {
        #expect(throws: SSHError.invalid("a command has no words")) { try RemoteCommand([]) }
    }

    @Test("a tail keeps the last bytes only")
    func tail() {
        var tail = Tail(limit: 4)
        for text in ["ab", "cdefghijk", "lm"] {
            Array(text.utf8).withUnsafeBytes { tail.append($0) }
        }
        #expect(String(decoding: tail.bytes, as: UTF8.self) == "jklm")
    }
}
