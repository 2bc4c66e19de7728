import Foundation
import Interface
import KVMClone
import Model

/// Shows an operation that this command runs: progress while it runs, the result at the end. The first signal stops it and
/// keeps what is copied, if it copies anything, and the second undoes that.
struct CopyPresentation: Sendable {
    let kind: OperationKind
    let id: OperationID
    let context: CommandContext

    /// Runs `work`, and shows what it tells.
    func follow<Result: Sendable>(
        _ client: Client, _ work: (@escaping @Sendable (OperationEvent) -> Void) async throws -> Result
    ) async throws -> Result {
        let file = try context.eventsFile()
        if kind.makesCopies { SignalWatch.current?.onSecond { [id] in client.stopNow(id, .undo) } }
        defer { SignalWatch.current?.onSecond(nil) }
        let environment = context.environment
        let reporter = ProgressReporter(
            id: id, mode: context.progressMode, console: context.console, eventsFile: file,
            terminal: { Terminal(descriptor: STDERR_FILENO, environment: environment) })
        defer { reporter.finish() }
        do {
            return try await work { reporter.receive($0) }
        } catch let error as KVMCloneError {
            throw OperationError(error: error, operation: id)
        } catch is CancellationError {
            throw OperationError(error: KVMCloneError(.cancelled, "the operation was stopped"), operation: id)
        }
    }

    /// Shows the result, and ends the command as it says.
    func show(_ result: OperationResult) async throws {
        // On a terminal the view's last lines come before the result.
        await context.console.flushed()
        let responses = CloneResponses(result, now: Timestamp.utc())
        switch context.output {
        case .json, .yaml:
            let isOne = kind == .clone && responses.all.count == 1
            let document: any Encodable = isOne ? responses.all[0] : responses.all
            try StandardOutput.write(DocumentText.render(document, as: context.output))
        case .name:
            try StandardOutput.write(result.targets.filter { $0.error == nil }.map { $0.newName + "\n" }.joined())
        case .text where kind == .promote, .wide where kind == .promote:
            for target in result.targets where target.error == nil {
                try StandardOutput.write(
                    "\(target.newName) is defined on \(target.host), and shut off: virsh start \(target.newName)\n")
            }
        case .text, .wide:
            try StandardOutput.write(ResultText.table(result).render(.init(isWide: context.output == .wide)))
        }
        for target in result.targets {
            for warning in target.warnings where !context.output.isDocument {
                context.console.print("kvm-clone: \(target.host): warning: \(warning)\n")
            }
            if let error = target.error { context.tell(error.on(target.host), operation: result.id) }
        }
        guard result.exitCode == .ok else { throw Finish(code: result.exitCode) }
    }
}
