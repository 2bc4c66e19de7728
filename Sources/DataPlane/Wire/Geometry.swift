/// The fixed sizes of the data plane, in bytes. Both ends of a stream must agree on them; the frame version stands for
/// them.
public enum Geometry {
    /// What a digest covers, and the alignment of everything that is sent.
    public static let leaf = 64 << 10
    /// The most that one frame with a payload carries.
    public static let maxFrame = 1 << 20
    /// What a worker takes from the queue at once, and what a unit digest covers.
    public static let unit = 16 << 20
    /// Leaves in a whole unit.
    public static let leavesPerUnit = unit / leaf
    /// The authentication tag that follows each payload.
    public static let tag = 16
    /// The longest text of an abort frame.
    public static let maxReason = 1024

    static let leaf64 = UInt64(leaf)
    static let unit64 = UInt64(unit)

    /// Units in a disk of `size` bytes; the last may be partial.
    static func units(in size: UInt64) -> UInt64 { size / unit64 + (size % unit64 == 0 ? 0 : 1) }
    /// Leaves in `length` bytes; the last may be partial.
    static func leaves(in length: Int) -> Int { (length + leaf - 1) / leaf }
}
