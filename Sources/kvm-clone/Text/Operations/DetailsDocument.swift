import KVMClone
import Model
import YAML

/// `op show -o json`: what `status -o json` shows, and more keys.
struct DetailsDocument: Encodable {
    var details: OperationDetails

    init(_ details: OperationDetails) { self.details = details }

    private enum Key: String, CodingKey {
        case request, process, outcomes
        case cancelRequested = "cancel_requested"
        case openSteps = "open_steps"
    }

    private struct Process: Encodable {
        var id: Int32
        var alive: Bool
    }

    private struct Request: Encodable {
        var newName: String
        var options: CloneOptions

        private enum CodingKeys: String, CodingKey {
            case newName = "new_name"
            case options
        }
    }

    func encode(to encoder: any Encoder) throws {
        try StatusDocument(details.status).encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        let request = details.request.map { Request(newName: $0.newName, options: $0.options) }
        try container.encode(request, forKey: .request)
        try container.encode(Process(id: details.processID, alive: details.isProcessAlive), forKey: .process)
        try container.encode(details.isCancelRequested, forKey: .cancelRequested)
        try container.encode(details.openSteps.map { OpenStepDocument($0) }, forKey: .openSteps)
        let status = details.status
        let ended = OperationResult(
            id: status.id, kind: status.kind, vm: status.vm, source: status.source, state: status.state,
            targets: details.outcomes, seconds: status.result?.seconds ?? 0)
        let responses = CloneResponses(ended, now: status.completed ?? status.created).all
        try container.encode(responses, forKey: .outcomes)
    }
}
