/// Opens one end of a tunnel: connections to UNIX sockets of the source go, sealed, to sockets of the same paths at the
/// target. It is joined as other jobs are: the source is the parent, the target the child, and links are numbered from 0 in
/// the order of the doors.
package struct OpenTunnel: AgentRequest {
    package static let name = "tunnel.open"

    package enum Side: String, Codable, Sendable {
        /// Connections are accepted here.
        case source
        /// Connections are made from here.
        case target
    }

    /// A socket in the operation's folder.
    package struct Door: Codable, Sendable, Equatable {
        /// The names that there are: for memory and device state, and for disks.
        package static let names = ["ram", "disks"]

        package var name: String
        /// How many connections may be made to it, each once.
        package var links: Int

        package init(name: String, links: Int) {
            self.name = name
            self.links = links
        }
    }

    package var job: HexBytes
    package var secret: JobSecret
    package var operation: String
    package var side: Side
    /// Together they have 1 to 64 links.
    package var doors: [Door]
    package var compression: OpenSend.Compression
    /// Bytes on the wire per second from the source to the target; nil: no limit. Only the source heeds it.
    package var bandwidthLimit: UInt64?
    /// Seconds for which a link may take nothing, while there is something to send, before the tunnel fails.
    package var stallTimeout: Int

    package init(
        job: HexBytes, secret: JobSecret, operation: String, side: Side, doors: [Door],
        compression: OpenSend.Compression = .auto, bandwidthLimit: UInt64? = nil, stallTimeout: Int = 30
    ) {
        self.job = job
        self.secret = secret
        self.operation = operation
        self.side = side
        self.doors = doors
        self.compression = compression
        self.bandwidthLimit = bandwidthLimit
        self.stallTimeout = stallTimeout
    }

    package struct Response: Codable, Sendable, Equatable {
        package var salt: HexBytes
        /// The socket of each door, in order. The source listens there already; QEMU is to listen there at the target.
        package var paths: [String]

        package init(salt: HexBytes, paths: [String]) {
            self.salt = salt
            self.paths = paths
        }
    }
}

/// What has gone through a tunnel, as one of its ends saw it.
package struct TunnelTotals: Codable, Sendable, Equatable {
    package struct Bytes: Codable, Sendable, Equatable {
        /// Before sealing and compression.
        package var plain: UInt64
        /// On the wire.
        package var wire: UInt64

        package init(plain: UInt64, wire: UInt64) {
            self.plain = plain
            self.wire = wire
        }
    }

    package struct Door: Codable, Sendable, Equatable {
        package var name: String
        /// Connections so far, those that have ended included.
        package var connections: Int
        package var toTarget: Bytes
        package var toSource: Bytes

        package init(name: String, connections: Int, toTarget: Bytes, toSource: Bytes) {
            self.name = name
            self.connections = connections
            self.toTarget = toTarget
            self.toSource = toSource
        }
    }

    /// In the order of the request.
    package var doors: [Door]
    /// Why the tunnel has failed; nil while it stands.
    package var failure: String?

    package init(doors: [Door], failure: String?) {
        self.doors = doors
        self.failure = failure
    }
}

/// Answered when every link of a tunnel has been used and has ended in both directions, or when it is closed. An error
/// when it has failed; its sockets are closed then. It carries bytes whether or not this is asked.
package struct RunTunnel: AgentRequest {
    package static let name = "tunnel.run"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package typealias Response = TunnelTotals
}

/// Asks what has gone through a tunnel so far. Doesn't block; also answered after a failure, until it is closed.
package struct TunnelCounters: AgentRequest {
    package static let name = "tunnel.counters"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package typealias Response = TunnelTotals
}

/// Ends a tunnel that this or another agent has opened, and removes its sockets with their folder. One that is gone is no
/// error.
package struct CloseTunnel: AgentRequest {
    package static let name = "tunnel.close"

    package var job: HexBytes
    package var operation: String

    package init(job: HexBytes, operation: String) {
        self.job = job
        self.operation = operation
    }

    package typealias Response = Done
}
