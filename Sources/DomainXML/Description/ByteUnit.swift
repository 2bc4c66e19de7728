/// Sizes with units, as libvirt's `virScaleInteger` reads them: `KB` is 1000, `K` and `KiB` are 1024.
enum ByteUnit {
    /// Bytes per unit; nil when the unit doesn't exist.
    static func scale(_ unit: String) -> UInt64? {
        let unit = unit.lowercased()
        if ["b", "byte", "bytes"].contains(unit) { return 1 }
        guard let letter = unit.first, let power = Array("kmgtpe").firstIndex(of: letter) else { return nil }
        let base: UInt64
        switch unit.dropFirst() {
        case "", "ib": base = 1024
        case "b": base = 1000
        default: return nil
        }
        return (0...power).reduce(1) { scale, _ in scale * base }
    }

    /// Bytes in an element such as `<memory unit='GiB'>2</memory>`.
    static func bytes(in node: XMLNode, defaultUnit: String = "KiB") throws(DomainXMLError) -> UInt64 {
        let invalid = DomainXMLError.invalidValue(
            of: "<\(node.name)>", expected: "a whole number with a unit of libvirt's, below 2^64 bytes", line: node.line
        )
        guard let count = node.value.flatMap(UInt64.init), let scale = scale(node["unit"] ?? defaultUnit) else {
            throw invalid
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: scale)
        guard !overflow else { throw invalid }
        return bytes
    }
}
