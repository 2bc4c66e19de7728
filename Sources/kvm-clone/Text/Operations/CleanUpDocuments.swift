import KVMClone
import Model

/// A step that may have to be undone, as documents show it.
struct OpenStepDocument: Encodable {
    var operationID: String?
    var host: String
    var step: String
    var undo: String

    init(_ step: OpenStep, of operation: OperationID? = nil) {
        operationID = operation?.description
        host = step.host
        self.step = step.step
        undo = step.undo
    }

    private enum CodingKeys: String, CodingKey {
        case operationID = "operation_id"
        case host, step, undo
    }
}

/// What cleaning up after an operation has come to, as documents show it.
struct CleanUpDocument: Encodable {
    private struct Entry: Encodable {
        var host: String
        var step: String
        var undone: Bool
        var error: ErrorDocument.Body?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(host, forKey: .host)
            try container.encode(step, forKey: .step)
            try container.encode(undone, forKey: .undone)
            try container.encode(error, forKey: .error)
        }

        private enum CodingKeys: String, CodingKey { case host, step, undone, error }
    }

    private var operationID: String
    private var operationType: String
    private var vmName: String
    private var status: String
    private var clean: Bool
    private var steps: [Entry]

    init(_ report: CleanUpReport) {
        operationID = report.id.description
        operationType = report.kind.rawValue
        vmName = report.vm
        status = report.state.rawValue
        clean = report.isClean
        steps = report.entries.map { entry in
            Entry(
                host: entry.step.host, step: entry.step.step, undone: entry.error == nil,
                error: entry.error.map { ErrorDocument($0, timestamp: "").error })
        }
    }

    private enum CodingKeys: String, CodingKey {
        case operationID = "operation_id"
        case operationType = "operation_type"
        case vmName = "vm_name"
        case status, clean, steps
    }
}
