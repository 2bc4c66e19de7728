/// What `-o json` prints for one target of a clone.
public struct CloneResponse: Sendable, Codable, Equatable {
    /// The operation's id.
    public var operationID: String
    /// True when the copy stands, complete, verified as asked, and defined.
    public var success: Bool
    /// The source VM's name.
    public var vmName: String
    /// The copy's name.
    public var newVMName: String?
    /// Where it was copied from.
    public var sourceHost: String
    /// Where it was copied to.
    public var destHost: String
    /// Seconds from the operation's start to this target's end.
    public var duration: Double
    /// Bytes on the wire to this target.
    public var bytesTransferred: UInt64
    /// What failed; null on success.
    public var error: String?
    /// The code of what failed; null on success.
    public var errorCode: Int?
    /// What the administrator should know all the same.
    public var warnings: [String]
    /// When this target ended, ISO 8601 in UTC.
    public var timestamp: String

    /// Makes a response from its parts.
    public init(
        operationID: String, success: Bool, vmName: String, newVMName: String?, sourceHost: String, destHost: String,
        duration: Double, bytesTransferred: UInt64, error: String?, errorCode: Int?, warnings: [String],
        timestamp: String
    ) {
        self.operationID = operationID
        self.success = success
        self.vmName = vmName
        self.newVMName = newVMName
        self.sourceHost = sourceHost
        self.destHost = destHost
        self.duration = duration
        self.bytesTransferred = bytesTransferred
        self.error = error
        self.errorCode = errorCode
        self.warnings = warnings
        self.timestamp = timestamp
    }

    enum CodingKeys: String, CodingKey {
        case success, duration, error, warnings, timestamp
        case operationID = "operation_id"
        case vmName = "vm_name"
        case newVMName = "new_vm_name"
        case sourceHost = "source_host"
        case destHost = "dest_host"
        case bytesTransferred = "bytes_transferred"
        case errorCode = "error_code"
    }

    /// Writes every key, absent values as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(operationID, forKey: .operationID)
        try container.encode(success, forKey: .success)
        try container.encode(vmName, forKey: .vmName)
        try container.encode(newVMName, forKey: .newVMName)
        try container.encode(sourceHost, forKey: .sourceHost)
        try container.encode(destHost, forKey: .destHost)
        try container.encode(duration, forKey: .duration)
        try container.encode(bytesTransferred, forKey: .bytesTransferred)
        try container.encode(error, forKey: .error)
        try container.encode(errorCode, forKey: .errorCode)
        try container.encode(warnings, forKey: .warnings)
        try container.encode(timestamp, forKey: .timestamp)
    }
}
