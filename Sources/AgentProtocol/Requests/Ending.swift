/// Ends a job where it stands: streams are closed, locks released, partial files removed.
package struct Close: AgentRequest {
    package static let name = "job.close"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package typealias Response = Done
}

/// Removes what an agent that died has left of an operation in some pool folders; puts replaced files back.
package struct Sweep: AgentRequest {
    package static let name = "sweep"

    package var operation: String
    package var folders: [String]

    package init(operation: String, folders: [String]) {
        self.operation = operation
        self.folders = folders
    }

    package struct Response: Codable, Sendable {
        /// The files that were removed or put back.
        package var paths: [String]

        package init(paths: [String]) {
            self.paths = paths
        }
    }
}

/// Tries whether a TCP connection to another host can be made: binds nothing, sends nothing.
package struct ProbePort: AgentRequest {
    package static let name = "probe.dial"

    package var address: String
    package var port: UInt16
    package var timeout: Int

    package init(address: String, port: UInt16, timeout: Int) {
        self.address = address
        self.port = port
        self.timeout = timeout
    }

    package struct Response: Codable, Sendable {
        package var reachable: Bool
        /// The system's words when it isn't.
        package var reason: String?

        package init(reachable: Bool, reason: String?) {
            self.reachable = reachable
            self.reason = reason
        }
    }
}

/// Opens a port for a `ProbePort` of another host, for some seconds.
package struct OfferPort: AgentRequest {
    package static let name = "probe.offer"

    package var ports: ClosedRange<UInt16>
    package var seconds: Int

    package init(ports: ClosedRange<UInt16>, seconds: Int) {
        self.ports = ports
        self.seconds = seconds
    }

    package struct Response: Codable, Sendable {
        package var port: UInt16

        package init(port: UInt16) {
            self.port = port
        }
    }
}
