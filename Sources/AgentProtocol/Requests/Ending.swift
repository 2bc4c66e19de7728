/// Ends a job where it stands: streams are closed, locks released, partial files removed.
package struct Close: AgentRequest {
    package static let name = "job.close"

    package var job: HexBytes

    package init(job: HexBytes) {
        self.job = job
    }

    package typealias Response = Done
}

/// Removes what an operation has left in some pool folders, whether or not its agent still lives: partial files, and
/// published ones whose identity is known. Files that it had set aside are put back.
package struct Sweep: AgentRequest {
    package static let name = "sweep"

    /// A file that the operation has published, or was about to.
    package struct Published: Codable, Sendable, Equatable {
        package var path: String
        /// It is removed only if it is still this file.
        package var identity: FileIdentity

        package init(path: String, identity: FileIdentity) {
            self.path = path
            self.identity = identity
        }
    }

    package var operation: String
    package var folders: [String]
    package var published: [Published]

    package init(operation: String, folders: [String], published: [Published]) {
        self.operation = operation
        self.folders = folders
        self.published = published
    }

    package struct Response: Codable, Sendable {
        /// The files that were removed or put back.
        package var paths: [String]

        package init(paths: [String]) {
            self.paths = paths
        }
    }
}

/// Does what `Settle` does for an operation whose agent is gone: removes for good what was set aside in some pool folders,
/// and what was kept beside its files. The files themselves are complete, and stay.
package struct Tidy: AgentRequest {
    package static let name = "tidy"

    package var operation: String
    package var folders: [String]
    /// Paths of the complete files.
    package var files: [String]

    package init(operation: String, folders: [String], files: [String]) {
        self.operation = operation
        self.folders = folders
        self.files = files
    }

    package typealias Response = Done
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
