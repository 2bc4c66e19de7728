extension IdentityRewrite {
    /// Checks what can be checked without the document.
    func validate() throws(DomainXMLError) {
        if let name {
            guard !name.isEmpty, name.utf8.count <= 255, !name.contains("/"), name.isPlain, name != ".", name != ".."
            else {
                throw .unusableValue(
                    field: "the new name", expected: "1 to 255 bytes without '/' or control characters")
            }
        }
        if let nvramPath { try Self.check(nvramPath, "the NVRAM path") }
        for (target, disk) in disks {
            try Self.check(disk.location.path, "the path of disk \(target)")
            if let format = disk.format { try Self.checkFormat(format, target) }
            guard case .chain(let bases) = disk.backing else { continue }
            for base in bases {
                try Self.check(base.location.path, "a backing path of disk \(target)")
                try Self.checkFormat(base.format, target)
            }
        }
        try validateMappings()
        if case .set(let note) = note {
            for (name, value) in note.attributes {
                guard name.isAttributeName, value.isPlain else {
                    throw .unusableValue(
                        field: "a metadata attribute", expected: "a name of letters, digits and hyphens, and plain text"
                    )
                }
            }
        }
    }

    private func validateMappings() throws(DomainXMLError) {
        for (selector, mac) in macs {
            guard !mac.isMulticast else {
                throw .unusableValue(field: "the MAC of the interface \(selector)", expected: "a unicast address")
            }
            guard case .mac(let old) = selector, old != mac, macs[.mac(mac)].map({ $0 != mac }) ?? false else {
                continue
            }
            throw .conflictingRewrite("MAC \(mac) is a new address and is itself to be replaced")
        }
        for (old, new) in networks where old != new {
            guard networks[new].map({ $0 == new }) ?? true else {
                throw .conflictingRewrite("\(new) is a new network and is itself to be replaced")
            }
        }
    }

    private static func check(_ path: String, _ field: String) throws(DomainXMLError) {
        guard path.hasPrefix("/"), path.isPlain else {
            throw .unusableValue(field: field, expected: "an absolute path without control characters")
        }
    }

    private static func checkFormat(_ format: String, _ target: String) throws(DomainXMLError) {
        guard format.isAttributeName else {
            throw .unusableValue(field: "the format of disk \(target)", expected: "the name of an image format")
        }
    }
}

extension String {
    /// No control characters and nothing else that XML can't hold.
    fileprivate var isPlain: Bool {
        unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0.value != 0xFFFE && $0.value != 0xFFFF }
    }

    fileprivate var isAttributeName: Bool {
        guard let first = utf8.first, Character(UnicodeScalar(first)).isLetter else { return false }
        return utf8.allSatisfy { byte in
            byte < 0x80 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
    }
}
