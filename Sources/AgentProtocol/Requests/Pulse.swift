/// Asks whether the agent still runs. Its reader answers, whatever its jobs do.
package struct Ping: AgentRequest {
    package static let name = "ping"

    package init() {}

    package typealias Response = Done
}

/// Ends all connections that a job has with a peer, as if they had broken: the peer doesn't answer any more, and may not
/// have closed them.
package struct DropPeer: AgentRequest {
    package static let name = "join.drop"

    package var job: HexBytes
    package var peer: String

    package init(job: HexBytes, peer: String) {
        self.job = job
        self.peer = peer
    }

    package typealias Response = Done
}
