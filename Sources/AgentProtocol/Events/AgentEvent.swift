/// What an agent tells without being asked; at most ten times a second for each job.
package enum AgentEvent: Codable, Sendable, Equatable {
    case sending(SendingProgress)
    case receiving(ReceivingProgress)
    case readingBack(ReceivingProgress)
    /// A connection between two agents of a job is gone.
    case linkLost(LinkLoss)
    /// A child holds its parent up too much: the parent waits for it no more.
    case lagging(Lagging)
}

/// Who is too slow, as its parent tells it.
package struct Lagging: Codable, Sendable, Equatable {
    package var job: HexBytes
    package var child: String

    package init(job: HexBytes, child: String) {
        self.job = job
        self.child = child
    }
}

/// Which connection is gone, as one of its ends tells it.
package struct LinkLoss: Codable, Sendable, Equatable {
    package var job: HexBytes
    /// The child's link, where the child tells it.
    package var link: UInt16?
    /// The child, where the parent tells it: all links to it are gone.
    package var child: String?
    package var reason: String

    package init(job: HexBytes, link: UInt16? = nil, child: String? = nil, reason: String) {
        self.job = job
        self.link = link
        self.child = child
        self.reason = reason
    }
}

/// Where a sending job stands.
package struct SendingProgress: Codable, Sendable, Equatable {
    package var job: HexBytes
    /// Bytes of each disk that are dealt with, holes included, in order.
    package var done: [UInt64]
    /// Bytes of data that were read; holes are not in it.
    package var data: UInt64
    /// Bytes on the wire to each peer.
    package var wire: [String: UInt64]

    package init(job: HexBytes, done: [UInt64], data: UInt64, wire: [String: UInt64]) {
        self.job = job
        self.done = done
        self.data = data
        self.wire = wire
    }
}

/// Where a receiving job stands, while it writes or reads back.
package struct ReceivingProgress: Codable, Sendable, Equatable {
    package var job: HexBytes
    /// Bytes of each disk that are dealt with, holes included, in order.
    package var done: [UInt64]
    /// Bytes of data that were written or read back; holes are not in it.
    package var data: UInt64
    package var wire: UInt64

    package init(job: HexBytes, done: [UInt64], data: UInt64, wire: UInt64) {
        self.job = job
        self.done = done
        self.data = data
        self.wire = wire
    }
}
