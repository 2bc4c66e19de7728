/// The header of a qcow2 image, checked against the bounds of the format and the size of its file.
///
/// Source: docs/interop/qcow2.txt in QEMU. Only the first cluster is looked at; tables are not read.
public struct Qcow2Header: Sendable, Equatable {
    /// 2 or 3.
    public var version: UInt32
    /// Size of a cluster as a power of two, 9 to 21.
    public var clusterBits: UInt32
    /// Bytes that the guest sees.
    public var virtualSize: UInt64
    /// The backing image as it is recorded; nil without one.
    public var backingFile: String?
    /// The backing image's recorded format; nil when there is none.
    public var backingFormat: String?
    /// True when AES or LUKS encryption is in use.
    public var isEncrypted: Bool
    /// Internal snapshots.
    public var snapshots: UInt32
    /// Set when the image was not closed cleanly with lazy reference counts.
    public var isDirty: Bool
    /// Set by QEMU when it met a damage that makes writing dangerous.
    public var isCorrupt: Bool
    /// The guest's data lies in another file.
    public var hasExternalDataFile: Bool
    /// Clusters are divided in 32 subclusters.
    public var hasExtendedL2: Bool
    /// Persistent dirty bitmaps.
    public var bitmaps: UInt32

    /// Bytes of a cluster.
    public var clusterSize: UInt64 { 1 << UInt64(clusterBits) }

    /// The first four bytes of an image.
    public static let magic: UInt32 = 0x5146_49FB
    /// What is needed to know the cluster size.
    static let fixedLength = 104
    /// The largest first cluster.
    public static let maximumLength = 1 << 21
}
