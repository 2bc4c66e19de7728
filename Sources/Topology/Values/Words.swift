import YAML

/// Small grammars of single words.
enum Words {
    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Names of fleets, sites and pools: a letter or digit, then letters, digits, `.`, `_`, `-`; at most 64.
    static func checkName(_ text: String, of what: String) throws(InvalidValue) {
        guard isWord(text, limit: 64, inner: "._-") else {
            throw InvalidValue(
                "\(quoted(text)) can't name a \(what): up to 64 letters, digits, '.', '_' or '-', first a letter or digit"
            )
        }
    }

    static func checkLabelKey(_ text: String) throws(InvalidValue) {
        guard isWord(text, limit: 63, inner: "._/-") else {
            throw InvalidValue(
                "\(quoted(text)) can't be a label: up to 63 letters, digits, '.', '_', '/' or '-', first a letter or digit"
            )
        }
    }

    static func checkLabelValue(_ text: String) throws(InvalidValue) {
        guard text.unicodeScalars.count <= 255, !text.unicodeScalars.contains(where: isControl) else {
            throw InvalidValue("a label's value has at most 255 characters and no control characters")
        }
    }

    /// User names as useradd(8) takes them, with upper case and dots: never an option of a command.
    static func checkUser(_ text: String) throws(InvalidValue) {
        guard let first = text.first, !("0"..."9").contains(first), first != ".", first != "-",
            isWord("a" + text, limit: 33, inner: "._-")
        else {
            throw InvalidValue(
                "\(quoted(text)) isn't a user name: up to 32 letters, digits, '.', '_' or '-', first a letter or '_'")
        }
    }

    /// A libvirt URI: a scheme, `://`, and no spaces or control characters. Which drivers exist is libvirt's business.
    static func checkURI(_ text: String) throws(InvalidValue) {
        let scheme = text.prefix { $0 != ":" }
        guard text.utf8.count <= 1024, scheme.first?.isLetter == true,
            scheme.utf8.allSatisfy({ isLetterOrDigit($0) || "+.-".utf8.contains($0) }),
            text.dropFirst(scheme.count).hasPrefix("://"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw InvalidValue("\(quoted(text)) isn't a libvirt URI, such as qemu:///system") }
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    private static func isWord(_ text: String, limit: Int, inner: String) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first), text.utf8.count <= limit else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || inner.utf8.contains($0) }
    }
}
