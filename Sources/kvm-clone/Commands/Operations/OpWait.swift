import ArgumentParser
import Interface
import KVMClone
import Model

extension OpCommand {
    struct Wait: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wait until operations have ended.",
            discussion: """
                Ends with the operation's own code: 0 when it is complete, 3 when part of its targets failed, 130 when it \
                was cancelled, 75 when it is interrupted. Of several: 0 when all are complete, 3 when some are, else \
                the first one's.
                """)

        @Argument(help: .init("Operations' ids.", valueName: "operation"))
        var operations: [String]

        @Option(help: .init("Give up after so many seconds, with code 124.", valueName: "seconds"))
        var timeout: String?

        @OptionGroup var table: TableOptions
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global)
            let limit = try timeout.map { text throws(KVMCloneError) in
                try Rules.whole(
                    text, in: 1...31_536_000, code: .invalidTimeout, what: "a time in seconds", field: "timeout")
            }
            let registry = try context.registry()
            let ids = try await registry.ids(operations)
            let statuses = try await CommandContext.watching(ids) {
                try await Self.wait(for: ids, registry, limit: limit)
            }
            try StandardOutput.write(StatusText.list(statuses, as: context.output, table))
            for status in statuses { context.tellEnd(of: status) }
            let running = statuses.filter(\.state.isActive)
            if let limit, !running.isEmpty {
                throw KVMCloneError(
                    .timeout,
                    "still running after \(limit) s: \(running.map(\.id.description).joined(separator: ", "))",
                    whatToDo: "wait longer, or see how it stands: kvm-clone status \(running[0].id)")
            }
            guard statuses.exitCode == .ok else { throw Finish(code: statuses.exitCode) }
        }

        /// How they stand once all have ended or the time is over.
        private static func wait(
            for ids: [OperationID], _ registry: OperationRegistry, limit: Int?
        ) async throws -> [OperationStatus] {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for id in ids { _ = try await registry.wait(for: id) } }
                if let limit { group.addTask { try await Task.sleep(for: .seconds(limit)) } }
                try await group.next()
                group.cancelAll()
            }
            var statuses: [OperationStatus] = []
            for id in ids { statuses.append(try await registry.operation(id)) }
            return statuses
        }
    }
}

extension CommandContext {
    /// Tells what failed in an operation that has ended, as the command that ran it did.
    func tellEnd(of status: OperationStatus) {
        if status.state == .interrupted { tell(.interruptedOperation(status.id), operation: status.id) }
        for target in status.result?.targets ?? [] {
            if let error = target.error { tell(error.on(target.host), operation: status.id) }
        }
    }
}
