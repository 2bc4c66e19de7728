import Interface
import KVMClone
import Model
import YAML

/// `op show` for people.
enum DetailsText {
    static func render(_ details: OperationDetails) -> String {
        let status = details.status
        var text = "\(status.kind.rawValue) \(status.id)  \(status.state.rawValue)\n"
        text += aligned(facts(details))
        let targets = targets(details)
        if !targets.isEmpty { text += "targets\n" + aligned(targets) }
        if !details.openSteps.isEmpty {
            text += "steps that are open\n" + aligned(details.openSteps.map { ($0.host, $0.step) })
        }
        return text
    }

    /// The options that are not at their default, as `name: value`.
    static func options(_ request: CloneRequest) -> [String] {
        // Options hold texts, numbers and flags only, so that encoding can't fail; if it did, they would be missing.
        guard let given = try? YAMLValue(encoding: request.options),
            let usual = try? YAMLValue(encoding: CloneOptions())
        else { return [] }
        return given.fields.filter { field in
            usual.fields.first { $0.key == field.key }?.value != field.value && field.value != .null
        }.map { "\($0.key): \(word($0.value))" }
    }

    private static func facts(_ details: OperationDetails) -> [(String, String)] {
        let status = details.status
        var facts = [("vm", "\(status.vm) from \(status.source)")]
        if let request = details.request {
            facts.append(("new name", request.newName))
            let options = options(request)
            if !options.isEmpty { facts.append(("options", options.joined(separator: ", "))) }
        }
        facts.append(("created", status.created))
        if let completed = status.completed { facts.append(("completed", completed)) }
        if let result = status.result { facts.append(("took", DurationText.span(result.seconds))) }
        facts.append(("process", "\(details.processID), \(process(details))"))
        if let note = note(details) { facts.append(("note", note)) }
        return facts
    }

    private static func process(_ details: OperationDetails) -> String {
        if details.isProcessAlive { return details.status.state.isActive ? "alive" : "alive, done with it" }
        return details.status.state.isActive || details.status.result == nil ? "gone" : "ended"
    }

    private static func note(_ details: OperationDetails) -> String? {
        let status = details.status
        if status.state == .interrupted {
            return "go on: kvm-clone op resume \(status.id); or undo what it left: kvm-clone op cleanup \(status.id)"
        }
        if status.state.isActive { return details.isCancelRequested ? "was asked to stop" : nil }
        if !details.openSteps.isEmpty { return "undo what is left: kvm-clone op cleanup \(status.id)" }
        return status.state == .failed && status.result == nil
            ? "its process died; what it left unfinished was undone" : nil
    }

    private static func targets(_ details: OperationDetails) -> [(String, String)] {
        details.status.targets.map { host in
            if let outcome = details.outcomes.first(where: { $0.host == host }) {
                return (host, StatusText.outcome(outcome))
            }
            let progress = details.status.progress?.targets.first { $0.host == host }
            return (host, progress.map { "\($0.phase.rawValue)  \(Int($0.fraction * 100))%" } ?? "not begun")
        }
    }

    private static func aligned(_ lines: [(name: String, value: String)]) -> String {
        let width = lines.map { DisplayWidth.of($0.name) }.max() ?? 0
        return lines.map { "  \(DisplayWidth.pad($0.name, to: width))  \(Validation.harmless($0.value))\n" }.joined()
    }

    private static func word(_ value: YAMLValue) -> String {
        if case .string(let text) = value { return text }
        return value.json(pretty: false)
    }
}
