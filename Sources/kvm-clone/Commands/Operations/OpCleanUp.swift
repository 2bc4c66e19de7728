import ArgumentParser
import Interface
import KVMClone
import Model

extension OpCommand {
    struct CleanUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cleanup", abstract: "Undo what operations have left whose process died.",
            discussion: """
                Partial files and claims go, a VM that was to be replaced comes back. What is complete on a target stays. A \
                host that can't be reached keeps its part for the next time.
                """)

        @Argument(help: .init("Operations' ids.", valueName: "operation"))
        var operations: [String] = []

        @Flag(help: "All operations that have left something.")
        var all = false

        @Flag(help: "Show what would be undone, but change nothing.")
        var dryRun = false

        @OptionGroup var table: TableOptions
        @OptionGroup var ssh: SSHOptions
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func validate() throws {
            guard !all || operations.isEmpty else { throw ValidationError("--all doesn't go with operations' ids.") }
            guard all || dryRun || !operations.isEmpty else {
                throw ValidationError("Name operations, or use --all; with --dry-run it only shows what there is.")
            }
        }

        func run() async throws {
            let context = try CommandContext(global, flags: ssh.flags)
            let registry = try context.registry()
            let ids = try await registry.ids(operations)
            if dryRun {
                try await showSteps(ids, registry, context)
            } else {
                try await cleanUp(ids, context)
            }
        }

        private func showSteps(
            _ ids: [OperationID], _ registry: OperationRegistry, _ context: CommandContext
        ) async throws {
            var found: [OperationDetails] = []
            for id in ids {
                let details = try await registry.details(id)
                guard !details.status.state.isActive else {
                    throw KVMCloneError(
                        .clone, "operation \(id) still runs", whatToDo: "kvm-clone op cancel \(id)",
                        exitCode: .tryAgain)
                }
                found.append(details)
            }
            if operations.isEmpty { found = try await registry.failedOperations() }
            try StandardOutput.write(CleanUpText.steps(found, as: context.output, table))
        }

        private func cleanUp(_ ids: [OperationID], _ context: CommandContext) async throws {
            let reports = try await context.withClient { [all] in
                try await $0.cleanUpFailedOperations(all ? nil : ids)
            }
            if reports.isEmpty, !global.quiet { context.console.print("kvm-clone: nothing is left to undo\n") }
            try StandardOutput.write(CleanUpText.reports(reports, as: context.output, table))
            for report in reports {
                for error in report.entries.compactMap(\.error) { context.tell(error, operation: report.id) }
            }
            if let code = reports.exitCode { throw Finish(code: code) }
        }
    }
}

extension [CleanUpReport] {
    /// Nil when nothing is left; where something was undone the rest makes it a part, else the first error's code.
    var exitCode: Model.ExitCode? {
        let entries = flatMap(\.entries)
        guard let first = entries.compactMap(\.error).first else { return nil }
        return entries.contains { $0.error == nil } ? .partFailed : first.exitCode
    }
}
