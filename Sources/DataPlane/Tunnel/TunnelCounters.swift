import Synchronization

/// What has gone through one door of a tunnel so far, as this end saw it.
public struct TunnelCounters: Sendable, Equatable {
    /// Bytes of one direction.
    public struct Bytes: Sendable, Equatable {
        /// Before sealing and compression.
        public var plain: UInt64 = 0
        /// On the wire, with headers and tags.
        public var wire: UInt64 = 0
    }

    /// The door's name.
    public var door: String
    /// Connections that were accepted or made.
    public var connections = 0
    /// From the source to the target.
    public var toTarget = Bytes()
    /// From the target to the source.
    public var toSource = Bytes()
}

/// Counts what goes through one door. Any thread.
final class TunnelTally: Sendable {
    private let connections = Atomic<Int>(0)
    private let forward = Pair()
    private let backward = Pair()

    private final class Pair: Sendable {
        let plain = Atomic<UInt64>(0)
        let wire = Atomic<UInt64>(0)

        var bytes: TunnelCounters.Bytes {
            TunnelCounters.Bytes(plain: plain.load(ordering: .relaxed), wire: wire.load(ordering: .relaxed))
        }
    }

    func addConnection() { connections.add(1, ordering: .relaxed) }

    func add(_ direction: Direction, plain: Int, wire: Int) {
        let pair = direction == .forward ? forward : backward
        pair.plain.add(UInt64(plain), ordering: .relaxed)
        pair.wire.add(UInt64(wire), ordering: .relaxed)
    }

    func counters(door: String) -> TunnelCounters {
        TunnelCounters(
            door: door, connections: connections.load(ordering: .relaxed), toTarget: forward.bytes,
            toSource: backward.bytes)
    }
}
