/// Which part of a pair the asked agent plays, and which links of the child they are about.
package struct Joint: Codable, Sendable, Hashable {
    package enum Part: String, Codable, Sendable {
        /// It sends, or passes on.
        case parent
        /// It receives.
        case child
    }

    package var part: Part
    /// Numbers of links at the child: 64 times the attempt, plus the stream. None is ever used twice there.
    package var links: [UInt16]
    /// Whether the parent has sealed what it sends itself; else it passes on what the job's source has sealed.
    package var isOrigin: Bool
    /// Whether the parent leaves out what the child has no time for, instead of waiting for it.
    package var mayLag: Bool
    /// Bytes per second that the child was planned to take. One that takes less, and holds its parent up, is left behind
    /// like that by itself; nil: it is waited for.
    package var due: UInt64?
    /// Spans of 10 s in a row that this takes.
    package var patience: Int
    /// What the parent may send to the child from the first byte on, in bytes per second; nil: as before.
    package var rate: UInt64?

    package init(
        _ part: Part, links: [UInt16], isOrigin: Bool = false, mayLag: Bool = false, due: UInt64? = nil,
        patience: Int = 1, rate: UInt64? = nil
    ) {
        self.mayLag = mayLag
        self.due = due
        self.patience = patience
        self.rate = rate
        self.part = part
        self.links = links
        self.isOrigin = isOrigin
    }
}

/// Waits for a peer's streams on a TCP port.
package struct Listen: AgentRequest {
    package static let name = "join.listen"

    package var job: HexBytes
    package var joint: Joint
    /// The peer that will dial, as the coordinator calls it.
    package var peer: String
    /// The peer's salt.
    package var peerSalt: HexBytes
    /// The first free port of these is taken.
    package var ports: ClosedRange<UInt16>

    package init(job: HexBytes, joint: Joint, peer: String, peerSalt: HexBytes, ports: ClosedRange<UInt16>) {
        self.job = job
        self.joint = joint
        self.peer = peer
        self.peerSalt = peerSalt
        self.ports = ports
    }

    package struct Response: Codable, Sendable {
        package var port: UInt16

        package init(port: UInt16) {
            self.port = port
        }
    }
}

/// Waits for a peer's streams on a UNIX socket, for the path through the coordinator.
package struct ListenLocally: AgentRequest {
    package static let name = "join.local"

    package var job: HexBytes
    package var joint: Joint
    package var peer: String
    package var peerSalt: HexBytes

    package init(job: HexBytes, joint: Joint, peer: String, peerSalt: HexBytes) {
        self.job = job
        self.joint = joint
        self.peer = peer
        self.peerSalt = peerSalt
    }

    package struct Response: Codable, Sendable {
        package var path: String

        package init(path: String) {
            self.path = path
        }
    }
}

/// Connects a job's streams to a peer that listens.
package struct Dial: AgentRequest {
    package static let name = "join.dial"

    package var job: HexBytes
    package var joint: Joint
    package var peer: String
    package var peerSalt: HexBytes
    /// A numeric address.
    package var address: String
    package var port: UInt16
    /// Seconds until a connection has to stand.
    package var timeout: Int

    package init(
        job: HexBytes, joint: Joint, peer: String, peerSalt: HexBytes, address: String, port: UInt16, timeout: Int
    ) {
        self.job = job
        self.joint = joint
        self.peer = peer
        self.peerSalt = peerSalt
        self.address = address
        self.port = port
        self.timeout = timeout
    }

    package typealias Response = Done
}

/// Answered when all streams of a peer are connected and have proved who they are.
package struct AwaitPeer: AgentRequest {
    package static let name = "join.await"

    package var job: HexBytes
    package var joint: Joint
    package var peer: String
    /// Seconds to wait.
    package var timeout: Int

    package init(job: HexBytes, joint: Joint, peer: String, timeout: Int) {
        self.job = job
        self.joint = joint
        self.peer = peer
        self.timeout = timeout
    }

    package typealias Response = Done
}

/// Limits what a job sends to one of its peers from now on.
package struct SetRate: AgentRequest {
    package static let name = "join.rate"

    package var job: HexBytes
    /// The child; nil: all that the job sends.
    package var child: String?
    /// Bytes per second on the wire; nil: no limit.
    package var rate: UInt64?

    package init(job: HexBytes, child: String?, rate: UInt64?) {
        self.job = job
        self.child = child
        self.rate = rate
    }

    package typealias Response = Done
}
