import Interface
import KVMClone
import Model

/// What is left of operations, and what became of it.
enum CleanUpText {
    /// Steps that are open.
    static func steps(
        _ operations: [OperationDetails], as format: OutputFormat, _ options: TableOptions
    ) throws(KVMCloneError) -> String {
        var table = Table([.init("operation"), .init("host"), .init("step"), .init("undo")])
        var documents: [OpenStepDocument] = []
        for operation in operations {
            if operation.openSteps.isEmpty {
                table.add([operation.status.id.description, "", "nothing is left", ""])
            }
            for step in operation.openSteps {
                table.add([operation.status.id.description, step.host, step.step, step.undo])
                documents.append(OpenStepDocument(step, of: operation.status.id))
            }
        }
        switch format {
        case .json, .yaml: return try DocumentText.render(documents, as: format)
        case .name: return operations.map { "\($0.status.id)\n" }.joined()
        case .text, .wide: return try table.render(options.table(for: format))
        }
    }

    /// What was undone and what wasn't.
    static func reports(
        _ reports: [CleanUpReport], as format: OutputFormat, _ options: TableOptions
    ) throws(KVMCloneError) -> String {
        var table = Table([
            .init("operation"), .init("vm"), .init("host"), .init("step"), .init("result"),
            .init("state", isWideOnly: true),
        ])
        for report in reports {
            let (id, state) = (report.id.description, report.state.rawValue)
            if report.entries.isEmpty { table.add([id, report.vm, "", "", "nothing to undo", state]) }
            for entry in report.entries {
                let result = entry.error.map { "[\($0.code.rawValue)]" } ?? "undone"
                table.add([id, report.vm, entry.step.host, entry.step.step, result, state])
            }
        }
        switch format {
        case .json, .yaml: return try DocumentText.render(reports.map(CleanUpDocument.init), as: format)
        case .name: return reports.filter(\.isClean).map { "\($0.id)\n" }.joined()
        case .text, .wide: return reports.isEmpty ? "" : try table.render(options.table(for: format))
        }
    }
}
