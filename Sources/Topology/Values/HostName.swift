import Glibc
import YAML

/// Host names and addresses.
public enum HostName {
    /// Names that commands use as words.
    private static let reserved = ["all", "none"]

    /// Checks the name of a host in a topology: a host name or an address, and no reserved word.
    public static func check(_ text: String) throws(InvalidValue) {
        guard !reserved.contains(text.lowercased()) else {
            throw InvalidValue("\(quoted(text)) is a reserved word and can't name a host")
        }
        try checkAddress(text)
    }

    /// Checks an IPv4 or IPv6 address or a host name of 1 to 255 characters: labels of letters, digits and inner
    /// hyphens, at most 63 long. A last label of digits only is an address that went wrong.
    public static func checkAddress(_ text: String) throws(InvalidValue) {
        if isIPv4(text) || isIPv6(text) { return }
        guard (1...255).contains(text.utf8.count) else {
            throw InvalidValue("a host name has 1 to 255 characters, not \(text.utf8.count)")
        }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy(isLabel) else {
            throw InvalidValue("\(quoted(text)) is neither a host name nor an IP address")
        }
        if let last = labels.last, last.allSatisfy({ (0x30...0x39).contains($0) }) {
            throw InvalidValue("\(quoted(text)) isn't an IPv4 address, and a host name can't end in digits only")
        }
    }

    /// Checks what disk data is sent to: as `checkAddress`, but no address that can't be sent to.
    public static func checkTransferAddress(_ text: String) throws(InvalidValue) {
        try checkAddress(text)
        let isWildcard = text == "0.0.0.0" || (isIPv6(text) && text.allSatisfy { $0 == ":" || $0 == "0" })
        guard !isWildcard else { throw InvalidValue("\(quoted(text)) means any address: name the host's own") }
        let isMulticast =
            isIPv4(text)
            ? text.split(separator: ".").first.flatMap { UInt8($0) }.map { $0 >= 224 } ?? false
            : isIPv6(text) && text.lowercased().hasPrefix("ff")
        guard !isMulticast else {
            throw InvalidValue("\(quoted(text)) is a multicast or broadcast address: name the host's own")
        }
    }

    static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return !text.utf8.contains(0) && inet_pton(AF_INET, text, &address) == 1
    }

    static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return !text.utf8.contains(0) && inet_pton(AF_INET6, text, &address) == 1
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        isLabel(Array(label))
    }

    private static func isLabel(_ bytes: [UInt8]) -> Bool {
        guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy { $0 == UInt8(ascii: "-") || Words.isLetterOrDigit($0) }
    }
}
