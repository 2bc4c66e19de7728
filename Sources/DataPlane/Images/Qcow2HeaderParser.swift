/// Reads and checks a qcow2 header. The limits are those that QEMU itself enforces.
struct Qcow2HeaderParser {
    private static let maximumL1Bytes: UInt64 = 32 << 20
    private static let maximumRefcountTableBytes: UInt64 = 8 << 20
    private static let maximumSnapshots: UInt32 = 65_536
    private static let maximumBackingName: UInt32 = 1023
    private static let maximumBitmaps: UInt32 = 65_535

    private enum Incompatible {
        static let dirty: UInt64 = 1 << 0
        static let corrupt: UInt64 = 1 << 1
        static let externalDataFile: UInt64 = 1 << 2
        static let compressionType: UInt64 = 1 << 3
        static let extendedL2: UInt64 = 1 << 4
        static let known: UInt64 = 0x1F
    }

    private enum Extension {
        static let end: UInt32 = 0
        static let backingFormat: UInt32 = 0xE279_2ACA
        static let bitmaps: UInt32 = 0x2385_2875
    }

    private let reader: BigEndianReader
    private let fileLength: UInt64
    private let path: String

    /// - Parameters:
    ///   - bytes: the start of the image: its whole first cluster, or all of it when it is shorter.
    ///   - fileLength: bytes of the file or device.
    init(_ bytes: some Sequence<UInt8>, fileLength: UInt64, path: String) {
        reader = BigEndianReader(bytes)
        self.fileLength = fileLength
        self.path = path
    }

    /// The cluster size's power of two, for reading the rest of the first cluster.
    func clusterBits() throws(ImageError) -> UInt32 {
        guard let magic = reader.integer(UInt32.self, at: 0), magic == Qcow2Header.magic else {
            throw malformed("it does not start with the qcow2 signature")
        }
        let bits = try field(UInt32.self, at: 20)
        guard (9...21).contains(bits) else { throw malformed("cluster bits are \(bits), not 9 to 21") }
        return bits
    }

    func parse() throws(ImageError) -> Qcow2Header {
        let bits = try clusterBits()
        let cluster = UInt64(1) << UInt64(bits)
        let version = try field(UInt32.self, at: 4)
        guard version == 2 || version == 3 else { throw .unsupported(path: path, reason: "qcow2 version \(version)") }
        let headerLength = version == 2 ? 72 : try field(UInt32.self, at: 100)
        guard version == 2 || (headerLength >= 104 && headerLength % 8 == 0 && UInt64(headerLength) <= cluster) else {
            throw malformed("the header's length is \(headerLength)")
        }
        let incompatible = version == 2 ? 0 : try field(UInt64.self, at: 72)
        try checkFeatures(incompatible, version: version, headerLength: headerLength)
        let encryption = try field(UInt32.self, at: 32)
        guard encryption <= 2 else { throw .unsupported(path: path, reason: "encryption method \(encryption)") }

        let virtualSize = try field(UInt64.self, at: 24)
        try checkTables(
            virtualSize: virtualSize, cluster: cluster, extendedL2: incompatible & Incompatible.extendedL2 != 0)
        let snapshots = try field(UInt32.self, at: 60)
        try checkSnapshots(snapshots, cluster: cluster)

        let backingOffset = try field(UInt64.self, at: 8)
        let backingFile = try backingFile(at: backingOffset, cluster: cluster, headerLength: headerLength)
        // Extensions end where the backing name starts, or with the first cluster.
        let limit = backingFile == nil ? cluster : backingOffset
        let extensions = try extensions(from: Int(headerLength), to: Int(limit))

        return Qcow2Header(
            version: version, clusterBits: bits, virtualSize: virtualSize, backingFile: backingFile,
            backingFormat: extensions.backingFormat, isEncrypted: encryption != 0, snapshots: snapshots,
            isDirty: incompatible & Incompatible.dirty != 0, isCorrupt: incompatible & Incompatible.corrupt != 0,
            hasExternalDataFile: incompatible & Incompatible.externalDataFile != 0,
            hasExtendedL2: incompatible & Incompatible.extendedL2 != 0, bitmaps: extensions.bitmaps)
    }

    private func checkFeatures(_ incompatible: UInt64, version: UInt32, headerLength: UInt32) throws(ImageError) {
        let unknown = incompatible & ~Incompatible.known
        guard unknown == 0 else {
            throw .unsupported(path: path, reason: "incompatible features 0x\(String(unknown, radix: 16)) are unknown")
        }
        if incompatible & Incompatible.compressionType != 0 {
            guard headerLength > 104, let type = reader.slice(at: 104, count: 1)?.first, type <= 1 else {
                throw .unsupported(path: path, reason: "its compression type is neither zlib nor zstd")
            }
        }
        if version == 3 {
            let order = try field(UInt32.self, at: 96)
            guard order <= 6 else { throw malformed("the reference count order is \(order)") }
        }
    }

    private func checkTables(virtualSize: UInt64, cluster: UInt64, extendedL2: Bool) throws(ImageError) {
        guard virtualSize <= UInt64(Int64.max) else { throw malformed("the virtual size is \(virtualSize)") }
        let l1Entries = UInt64(try field(UInt32.self, at: 36))
        let perL2Table = cluster / (extendedL2 ? 16 : 8)
        let bytesPerL1Entry = perL2Table * cluster
        let needed = virtualSize / bytesPerL1Entry + (virtualSize % bytesPerL1Entry == 0 ? 0 : 1)
        guard l1Entries >= needed else { throw malformed("the L1 table is too small for the virtual size") }
        try checkTable(
            "L1 table", at: try field(UInt64.self, at: 40), bytes: l1Entries * 8, limit: Self.maximumL1Bytes,
            cluster: cluster)
        let refcountClusters = UInt64(try field(UInt32.self, at: 56))
        guard refcountClusters > 0 else { throw malformed("there is no reference count table") }
        try checkTable(
            "reference count table", at: try field(UInt64.self, at: 48), bytes: refcountClusters * cluster,
            limit: max(Self.maximumRefcountTableBytes, cluster), cluster: cluster)
    }

    private func checkTable(_ name: String, at offset: UInt64, bytes: UInt64, limit: UInt64, cluster: UInt64)
        throws(ImageError)
    {
        guard bytes <= limit else { throw malformed("the \(name) has \(bytes) bytes, more than \(limit)") }
        if bytes == 0 { return }
        guard offset % cluster == 0, offset >= cluster else { throw malformed("the \(name) lies at \(offset)") }
        guard offset <= fileLength, bytes <= fileLength - offset else {
            throw malformed("the \(name) ends behind the end of the file")
        }
    }

    private func checkSnapshots(_ count: UInt32, cluster: UInt64) throws(ImageError) {
        guard count <= Self.maximumSnapshots else { throw malformed("it says it has \(count) snapshots") }
        if count == 0 { return }
        let offset = try field(UInt64.self, at: 64)
        guard offset % cluster == 0, offset >= cluster, offset < fileLength else {
            throw malformed("the snapshot table lies at \(offset)")
        }
    }

    private func backingFile(at offset: UInt64, cluster: UInt64, headerLength: UInt32) throws(ImageError) -> String? {
        let length = try field(UInt32.self, at: 16)
        if offset == 0 { return nil }
        guard length > 0 else { throw malformed("the backing image's name is empty") }
        guard length <= Self.maximumBackingName else { throw malformed("the backing image's name has \(length) bytes") }
        guard offset >= UInt64(headerLength), offset <= cluster, UInt64(length) <= cluster - offset,
            let bytes = reader.slice(at: Int(offset), count: Int(length))
        else { throw malformed("the backing image's name lies outside the first cluster") }
        guard let name = String(validating: bytes, as: UTF8.self),
            !name.unicodeScalars.contains(where: FileName.isControl)
        else { throw malformed("the backing image's name is not printable UTF-8") }
        return name
    }

    private func extensions(from start: Int, to limit: Int) throws(ImageError) -> (
        backingFormat: String?, bitmaps: UInt32
    ) {
        var position = start
        var backingFormat: String?
        var bitmaps: UInt32 = 0
        while position + 8 <= limit {
            guard let type = reader.integer(UInt32.self, at: position),
                let length = reader.integer(UInt32.self, at: position + 4)
            else { break }
            if type == Extension.end { break }
            position += 8
            guard Int(length) <= limit - position, let data = reader.slice(at: position, count: Int(length)) else {
                throw malformed("a header extension ends behind the first cluster")
            }
            switch type {
            case Extension.backingFormat:
                guard length < 16, let format = String(validating: data, as: UTF8.self),
                    !format.unicodeScalars.contains(where: FileName.isControl)
                else { throw malformed("the backing image's format is not a name") }
                backingFormat = format
            case Extension.bitmaps:
                guard let count = BigEndianReader(data).integer(UInt32.self, at: 0), count <= Self.maximumBitmaps else {
                    throw malformed("the bitmap extension is damaged")
                }
                bitmaps = count
            default: break
            }
            position += (Int(length) + 7) & ~7
        }
        return (backingFormat, bitmaps)
    }

    private func field<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type, at offset: Int)
        throws(ImageError) -> Number
    {
        guard let value = reader.integer(type, at: offset) else { throw malformed("the header is cut short") }
        return value
    }

    private func malformed(_ reason: String) -> ImageError { .malformed(path: path, reason: reason) }
}
