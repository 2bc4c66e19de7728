/// What the process tells its caller.
public enum ExitCode: Int32, Sendable, Codable {
    case ok = 0
    case other = 1
    case changesPending = 2
    case partFailed = 3
    case notFound = 10
    case exists = 11
    case resources = 12
    case transfer = 13
    case connection = 14
    case authentication = 15
    case libvirt = 16
    case preflight = 17
    case usage = 64
    case tryAgain = 75
    case configuration = 78
    case timeout = 124
    case interrupted = 130
    case terminated = 143
}

extension ErrorCode {
    /// The exit code of a command that ends with this error, unless the error names another one.
    public var exitCode: ExitCode {
        switch self {
        case .general, .clone, .sync: .other
        case .configuration: .configuration
        case .connection, .network: .connection
        case .vmNotFound, .operationNotFound: .notFound
        case .vmExists: .exists
        case .insufficientResources, .diskSpace: .resources
        case .transfer: .transfer
        case .libvirt: .libvirt
        case .authentication, .sshKey, .permissionDenied, .hostKey: .authentication
        case .cancelled: .interrupted
        case .timeout: .timeout
        case .validation, .invalidHost, .invalidVMName, .invalidPath, .invalidPort, .invalidTimeout,
            .invalidBandwidth:
            .usage
        }
    }
}
