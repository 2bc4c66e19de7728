/// Names one connection of a receiver: the stream that it carries, and which attempt at that it is.
///
/// Keys depend on it, so that no number may be used for two connections of one job object.
public struct LinkNumber: Hashable, Sendable {
    /// Streams that a job can have, and attempts at each.
    public static let (streams, generations) = (64, 1024)

    /// Both in one number, as frames carry it.
    public let raw: UInt16

    /// Nil unless both are in range.
    public init?(stream: Int, generation: Int = 0) {
        guard (0..<Self.streams).contains(stream), (0..<Self.generations).contains(generation) else { return nil }
        raw = UInt16(generation * Self.streams + stream)
    }

    /// The number that a frame carries.
    public init(raw: UInt16) { self.raw = raw }

    /// Which stream it carries.
    public var stream: UInt16 { raw % UInt16(Self.streams) }
}
