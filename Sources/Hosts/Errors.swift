import Libvirt
import Model
import SSH

extension KVMCloneError {
    /// What an SSH error means to the reader.
    init(ssh error: SSHError, host: String) {
        let code: ErrorCode =
            switch error {
            case .invalid: .invalidHost
            case .configuration, .secret: .configuration
            case .unreachable, .timedOut, .channel, .lost, .process, .needsOpenSSH: .connection
            case .hostKeyUnknown, .hostKeyChanged, .hostKeyRevoked: .hostKey
            case .authenticationFailed: .authentication
            case .keyFile: .sshKey
            case .cancelled: .cancelled
            }
        self.init(code, "\(error)", host: host, whatToDo: error.whatToDo)
    }

    /// What a libvirt error means to the reader.
    init(libvirt error: LibvirtError, host: String) {
        switch error.code {
        case .noDomain: self.init(.vmNotFound, error.message, host: host)
        case .domainExists: self.init(.vmExists, error.message, host: host)
        case .operationDenied, .authFailed:
            self.init(
                .permissionDenied, "libvirt refuses this user", host: host, cause: error.message,
                whatToDo: "use root, or a user of the group libvirt")
        default: self.init(.libvirt, "libvirt failed in \(error.call)", host: host, cause: error.message)
        }
    }
}
