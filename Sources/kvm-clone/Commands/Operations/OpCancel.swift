import ArgumentParser
import Interface
import KVMClone
import Model

extension OpCommand {
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop operations.",
            discussion: """
                The process that runs an operation undoes what is not complete, and stops. With --keep it keeps that, so \
                that `op resume` can go on with it.
                """)

        @Argument(help: .init("Operations' ids.", valueName: "operation"))
        var operations: [String]

        @Flag(help: "Keep what is copied, for a later `op resume`.")
        var keep = false

        @Flag(help: "Only ask, and don't wait until they have stopped.")
        var noWait = false

        @OptionGroup var table: TableOptions
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global)
            let registry = try context.registry()
            let ids = try await registry.ids(operations)
            var errors: [KVMCloneError] = []
            var asked: Swift.Set<OperationID> = []
            for id in ids {
                do throws(KVMCloneError) {
                    if try await registry.requestStop(id, keep ? .keep : .undo) { asked.insert(id) }
                } catch {
                    errors.append(error)
                    context.tell(error, operation: id)
                }
            }
            var statuses: [OperationStatus] = []
            for id in ids {
                let waits = asked.contains(id) && !noWait
                let status = try await CommandContext.watching([id]) {
                    try await waits ? registry.wait(for: id) : registry.operation(id)
                }
                statuses.append(status)
                if let error = Self.failure(status, wasAsked: asked.contains(id), keeps: keep) {
                    errors.append(error)
                    context.tell(error, operation: id)
                }
                try await note(status, registry, context)
            }
            try StandardOutput.write(StatusText.list(statuses, as: context.output, table))
            if let first = errors.first {
                throw Finish(code: errors.count < ids.count ? .partFailed : first.exitCode)
            }
        }

        /// Why the operation was not stopped; nil when it was, or will be.
        static func failure(_ status: OperationStatus, wasAsked: Bool, keeps: Bool = false) -> KVMCloneError? {
            switch status.state {
            case .pending, .running, .cancelled: nil
            // Where it wasn't asked, that was told.
            case .interrupted: wasAsked && !keeps ? .interruptedOperation(status.id) : nil
            case .completed, .failed:
                KVMCloneError(
                    .clone, "operation \(status.id) had ended before: \(status.state.rawValue)",
                    whatToDo: "see how it ended: kvm-clone op show \(status.id)")
            }
        }

        /// Says what couldn't be undone.
        private func note(
            _ status: OperationStatus, _ registry: OperationRegistry, _ context: CommandContext
        ) async throws {
            guard status.state == .cancelled, !global.quiet else { return }
            let steps = try await registry.details(status.id).openSteps
            guard !steps.isEmpty else { return }
            context.console.print(
                "kvm-clone: \(status.id): \(steps.count) steps could not be undone; try: kvm-clone op cleanup "
                    + "\(status.id)\n")
        }
    }
}
