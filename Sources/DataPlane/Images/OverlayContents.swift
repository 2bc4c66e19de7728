/// What a qcow2 image has of its own.
public enum OverlayContents {
    /// True when it only shows what lies below: its first-level table has no entry. Nobody may have the image open for
    /// writing. Blocks; reads at most 32 MiB. Throws for what isn't qcow2.
    public static func isEmpty(_ name: FileName, in root: PoolRoot) throws -> Bool {
        let image = try root.openForReading(name)
        let size = image.identity.fileSize
        var header = [UInt8](repeating: 0, count: Int(min(size, UInt64(Qcow2Header.fixedLength))))
        try header.withUnsafeMutableBytes {
            try DescriptorIO.readAll(image.descriptor.raw, into: $0, at: 0, path: image.path)
        }
        _ = try Qcow2HeaderParser(header, fileLength: size, path: image.path).clusterBits()
        let reader = BigEndianReader(header)
        guard let entries = reader.integer(UInt32.self, at: 36), let offset = reader.integer(UInt64.self, at: 40),
            entries <= 4 << 20, offset <= size, size - offset >= UInt64(entries) * 8
        else { throw ImageError.malformed(path: image.path, reason: "its first-level table lies outside of it") }
        var table = [UInt8](repeating: 0, count: Int(entries) * 8)
        try table.withUnsafeMutableBytes {
            try DescriptorIO.readAll(image.descriptor.raw, into: $0, at: offset, path: image.path)
        }
        return !table.contains { $0 != 0 }
    }
}
