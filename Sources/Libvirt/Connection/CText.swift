import CLibvirt

/// The text of a fixed array of characters, up to its first zero or its end.
func fixedText<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The text that a function of libvirt writes as a uuid; nil when it fails.
func uuidText(_ write: (UnsafeMutablePointer<CChar>) -> Int32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(VIR_UUID_STRING_BUFLEN)) { buffer in
        guard let start = buffer.baseAddress else { return nil }
        return write(start) == 0 ? String(cString: start) : nil
    }
}
