/// The numeric codes that every error carries. Their values are part of the interface and never change.
public enum ErrorCode: Int, Sendable, Codable, CaseIterable {
    case general = 1000
    case configuration = 1001
    case connection = 1002
    case vmNotFound = 1003
    case vmExists = 1004
    case insufficientResources = 1005
    case transfer = 1006
    case validation = 1007
    case cancelled = 1008
    case libvirt = 1009
    case authentication = 1100
    case sshKey = 1101
    case permissionDenied = 1102
    case hostKey = 1103
    case clone = 1200
    case sync = 1201
    case timeout = 1202
    case operationNotFound = 1203
    case diskSpace = 1204
    case network = 1205
    case invalidHost = 1300
    case invalidVMName = 1301
    case invalidPath = 1302
    case invalidPort = 1303
    case invalidTimeout = 1304
    case invalidBandwidth = 1305

    /// The code's name in documents, such as `VM_NOT_FOUND_ERROR`.
    public var symbol: String {
        switch self {
        case .general: "GENERAL_ERROR"
        case .configuration: "CONFIGURATION_ERROR"
        case .connection: "CONNECTION_ERROR"
        case .vmNotFound: "VM_NOT_FOUND_ERROR"
        case .vmExists: "VM_EXISTS_ERROR"
        case .insufficientResources: "INSUFFICIENT_RESOURCES_ERROR"
        case .transfer: "TRANSFER_ERROR"
        case .validation: "VALIDATION_ERROR"
        case .cancelled: "OPERATION_CANCELLED_ERROR"
        case .libvirt: "LIBVIRT_ERROR"
        case .authentication: "AUTH_ERROR"
        case .sshKey: "SSH_KEY_ERROR"
        case .permissionDenied: "PERMISSION_DENIED"
        case .hostKey: "HOST_KEY_ERROR"
        case .clone: "CLONE_ERROR"
        case .sync: "SYNC_ERROR"
        case .timeout: "OPERATION_TIMEOUT"
        case .operationNotFound: "OPERATION_NOT_FOUND"
        case .diskSpace: "DISK_SPACE_ERROR"
        case .network: "NETWORK_ERROR"
        case .invalidHost: "INVALID_HOST"
        case .invalidVMName: "INVALID_VM_NAME"
        case .invalidPath: "INVALID_PATH"
        case .invalidPort: "INVALID_PORT"
        case .invalidTimeout: "INVALID_TIMEOUT"
        case .invalidBandwidth: "INVALID_BANDWIDTH"
        }
    }
}
