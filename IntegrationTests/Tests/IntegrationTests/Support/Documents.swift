import Foundation

// The documents that the product prints, as its users read them.

struct CloneResponse: Decodable {
    var operationId: String
    var success: Bool
    var vmName: String
    var newVmName: String
    var sourceHost: String
    var destHost: String
    var duration: Double
    var bytesTransferred: UInt64
    var error: String?
    var errorCode: Int?
    var warnings: [String]
    var timestamp: String

    /// Every key that the response must have, null or not.
    static let keys: Set<String> = [
        "operation_id", "success", "vm_name", "new_vm_name", "source_host", "dest_host", "duration",
        "bytes_transferred", "error", "error_code", "warnings", "timestamp",
    ]
}

struct ErrorDocument: Decodable {
    struct Body: Decodable {
        var code: Int
        var message: String
        var details: String?
        var field: String?
    }

    var error: Body
    var timestamp: String
    var operationId: String?
}

struct VMDocument: Decodable {
    struct Disk: Decodable {
        var path: String
        /// Absent where the size isn't known, as for a network disk.
        var size: UInt64?
        var format: String
        var target: String
    }

    struct Network: Decodable {
        var macAddress: String
        var network: String
    }

    var name: String
    var uuid: String
    var state: String
    var memory: Int
    var vcpus: Int
    var disks: [Disk]
    var networks: [Network]
    var host: String
}

struct PlanDocument: Decodable {
    struct File: Decodable {
        var sourcePath: String
        var format: String
        var size: UInt64
    }

    struct Target: Decodable {
        var host: String
        var newName: String
        var fileNames: [String]
        var xml: String
    }

    var vm: String
    var files: [File]
    var targets: [Target]
}

struct EventDocument: Decodable {
    struct Target: Decodable {
        struct Disk: Decodable {
            var done: UInt64
            var total: UInt64
        }

        var host: String
        var phase: String
        var disks: [Disk]
        var wireBytes: UInt64
        var path: String?
    }

    var type: String
    var message: String
    var operation: String
    var host: String?
    var phase: String?
    var version: Int?
    var state: String?
    var targets: [Target]?

    /// Progress has host objects as `targets`, a start has names.
    private enum Key: String, CodingKey { case type, message, operation, host, phase, version, state, targets }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        type = try fields.decode(String.self, forKey: .type)
        message = try fields.decode(String.self, forKey: .message)
        operation = try fields.decode(String.self, forKey: .operation)
        host = try fields.decodeIfPresent(String.self, forKey: .host)
        phase = try fields.decodeIfPresent(String.self, forKey: .phase)
        version = try fields.decodeIfPresent(Int.self, forKey: .version)
        state = try fields.decodeIfPresent(String.self, forKey: .state)
        targets = type == "progress" ? try fields.decodeIfPresent([Target].self, forKey: .targets) : nil
    }

    /// The complete lines of a text; one that is still being written doesn't count.
    static func lines(_ text: String) throws -> [EventDocument] {
        try text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().filter { $0.hasPrefix("{") }.map {
            try JSONDecoder().decode(EventDocument.self, from: Data($0.utf8))
        }
    }
}
