import Logging
import Model
import SSH

/// What all hosts of one client have in common.
package struct HostSettings: Sendable {
    /// The agent's executable.
    package var binary: AgentBinary
    /// Seconds until a connection has to stand.
    package var connectTimeout: Int
    /// Where agents on this machine keep their claims, one folder for each host.
    package var stateFolder: String
    package var logger: Logger

    package init(binary: AgentBinary, connectTimeout: Int, stateFolder: String, logger: Logger) {
        self.binary = binary
        self.connectTimeout = connectTimeout
        self.stateFolder = stateFolder
        self.logger = logger
    }
}
