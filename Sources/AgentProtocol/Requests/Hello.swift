/// The first request on every control channel: who is there, and which protocol version both speak.
package struct Hello: AgentRequest {
    package static let name = "hello"

    /// The protocol versions that the coordinator speaks.
    package var versions: [Int]

    package init(versions: [Int] = Array(AgentProtocolVersion.supported)) {
        self.versions = versions
    }

    package struct Response: Codable, Sendable {
        /// The version that both ends use from here on.
        package var version: Int
        /// The machine's architecture as `uname -m` prints it.
        package var architecture: String
        /// The machine's own host name.
        package var hostName: String
        /// The user that the agent runs as.
        package var userID: UInt32
        /// The agent's process id.
        package var processID: Int32
        /// The machine's clock, milliseconds since 1970.
        package var clock: Int64
        /// Where `qemu-img` is; nil when it isn't installed.
        package var qemuImg: String?
        /// Where `qemu-nbd` is; nil when it isn't installed.
        package var qemuNBD: String?
        /// Where `virsh` is; nil when it isn't installed.
        package var virsh: String?
        /// The libvirt daemon's sockets that exist, best first.
        package var libvirtSockets: [String]

        package init(
            version: Int, architecture: String, hostName: String, userID: UInt32,
            processID: Int32, clock: Int64, qemuImg: String?, qemuNBD: String?, virsh: String? = nil,
            libvirtSockets: [String]
        ) {
            self.virsh = virsh
            self.version = version
            self.architecture = architecture
            self.hostName = hostName
            self.userID = userID
            self.processID = processID
            self.clock = clock
            self.qemuImg = qemuImg
            self.qemuNBD = qemuNBD
            self.libvirtSockets = libvirtSockets
        }
    }
}
