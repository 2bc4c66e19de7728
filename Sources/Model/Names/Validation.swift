/// The rules for names and numbers that come from people.
public enum Validation {
    /// Throws unless `name` is a host name of 1-255 characters in labels of letters, digits and hyphens, or a
    /// numeric address.
    public static func host(_ name: String) throws(KVMCloneError) {
        let utf8 = Array(name.utf8)
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName =
            (1...255).contains(utf8.count)
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
                    && label.first != "-" && label.last != "-"
            }
        let isIPv6 =
            utf8.contains(UInt8(ascii: ":"))
            && utf8.allSatisfy { isHex($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
        guard isName || isIPv6 else {
            throw KVMCloneError(
                .invalidHost, "'\(printable(name))' is not a host name or address",
                whatToDo: "use letters, digits, '-' and '.', at most 255 characters", field: "host")
        }
    }

    /// Throws unless `name` is 1-64 letters, digits, `_`, `-` or inner `.`, and not a reserved word.
    public static func vm(_ name: String) throws(KVMCloneError) {
        let allowed = name.utf8.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
        guard (1...64).contains(name.utf8.count), allowed, name.first != ".", name.first != "-", name.last != "." else {
            throw KVMCloneError(
                .invalidVMName, "'\(printable(name))' can't be a VM's name",
                whatToDo: "use 1 to 64 letters, digits, '_', '-' or '.', not beginning with '-' or '.'",
                field: "vm_name")
        }
        guard !["localhost", "none", "all"].contains(name.lowercased()) else {
            throw KVMCloneError(
                .invalidVMName, "'\(name)' is a reserved word", whatToDo: "choose another name", field: "vm_name")
        }
    }

    /// `text` with control characters shown as `?`, cut to 80 characters, for messages.
    public static func printable(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(80).map { $0.value < 32 || $0.value == 127 ? "?" : String($0) }.joined()
        return text.unicodeScalars.count > 80 ? shown + "…" : shown
    }

    /// `text` with every control character but line ends shown as `?`: what comes from other machines can't steer a
    /// terminal.
    public static func harmless(_ text: String) -> String {
        let isControl = { (scalar: Unicode.Scalar) in
            scalar.value < 32 && scalar != "\n" || (0x7f...0x9f).contains(scalar.value)
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { shown.append(isControl(scalar) ? "?" : scalar) }
        return String(shown)
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    static func isHex(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }
}
