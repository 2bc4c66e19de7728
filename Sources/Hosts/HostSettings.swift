import Logging
import Model
import SSH

/// What all hosts of one client have in common.
package struct HostSettings: Sendable {
    /// The agent's executable.
    package var binary: AgentBinary
    /// Seconds until a connection has to stand.
    package var connectTimeout: Int
    /// Seconds until the libvirt daemon of another machine has to answer.
    package var libvirtTimeout: Int
    /// Where agents on this machine keep their claims, one folder for each host.
    package var stateFolder: String
    package var logger: Logger
    /// The passphrase of private keys that have one.
    package var passphrase: SecretSource?
    /// The user's password on the hosts.
    package var password: SecretSource?

    package init(binary: AgentBinary, connectTimeout: Int, libvirtTimeout: Int, stateFolder: String, logger: Logger) {
        self.binary = binary
        self.connectTimeout = connectTimeout
        self.libvirtTimeout = libvirtTimeout
        self.stateFolder = stateFolder
        self.logger = logger
    }
}
