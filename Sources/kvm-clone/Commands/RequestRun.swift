import Foundation
import Interface
import KVMClone
import Model

/// One run of a request that makes copies.
struct RequestRun {
    var request: CloneRequest
    var global: GlobalOptions

    /// Shows what it would do. `printsXML`: nothing but the copies' domain XML.
    func showPlan(_ context: CommandContext, printsXML: Bool = false) async throws {
        let (plan, distribution) = try await context.withClient { client -> (ClonePlan, DistributionSummary?) in
            let plan = try await client.plan(request)
            // How much is sent of changes nobody knows before.
            guard !plan.sendsChangesOnly, plan.migration?.mode != .live else { return (plan, nil) }
            return (plan, try await client.distribution(of: plan, options: request.options))
        }
        if printsXML {
            try StandardOutput.write(plan.targets.map(\.xml).map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined())
        } else {
            switch context.output {
            case .json, .yaml:
                let document = PlanDocument(plan: plan, distribution: distribution)
                try StandardOutput.write(DocumentText.render(document, as: context.output))
            case .name: try StandardOutput.write(plan.targets.map { $0.newName + "\n" }.joined())
            case .text, .wide:
                let text = try PlanText.render(plan) + (distribution.map(DistributionText.render) ?? "")
                try StandardOutput.write(text)
            }
        }
        guard !plan.isBlocked else {
            if printsXML { context.console.print(PlanText.findings(plan)) }
            throw Finish(code: .preflight)
        }
    }

    /// Does it, and shows the progress and the result. An interrupted operation that was to do the same is gone on with.
    func perform(_ context: CommandContext) async throws {
        let (presentation, result) = try await context.withClient { client in
            if let begun = try await client.interrupted(like: request) {
                return try await goOn(with: begun, request, client, context)
            }
            let presentation = CopyPresentation(kind: request.kind, id: OperationID(), context: context)
            let request = try await confirmed(request, client, context)
            return (presentation, try await begin(request, client, presentation))
        }
        try await presentation.show(result)
    }

    private func goOn(
        with begun: OperationStatus, _ request: CloneRequest, _ client: Client, _ context: CommandContext
    ) async throws -> (CopyPresentation, OperationResult) {
        if !global.quiet {
            context.console.print(
                "kvm-clone: going on with operation \(begun.id) of \(begun.created), which was interrupted\n")
        }
        let presentation = CopyPresentation(kind: request.kind, id: begun.id, context: context)
        let result = try await presentation.follow(client) { onEvent in
            try await client.resume(begun.id, options: request.options, onEvent: onEvent)
        }
        return (presentation, result)
    }

    private func begin(
        _ request: CloneRequest, _ client: Client, _ presentation: CopyPresentation
    ) async throws -> OperationResult {
        do {
            return try await presentation.follow(client) { onEvent in
                try await client.run(request, id: presentation.id, whenCancelled: .keep, onEvent: onEvent)
            }
        } catch let failure as OperationError where failure.error.code == .vmExists && request.canReplace {
            // Nothing has begun, so the question is still open.
            guard Prompt.canAsk(global) else { throw failure }
            presentation.context.tell(failure.error, operation: presentation.id)
            try await Prompt.confirmReplacement(of: request.options.newName ?? request.vm)
            var forced = request
            forced.options.force = true
            return try await presentation.follow(client) { onEvent in
                try await client.run(forced, id: presentation.id, whenCancelled: .keep, onEvent: onEvent)
            }
        }
    }

    /// With `--force` on a terminal, asks before a VM is replaced, unless `--yes`.
    private func confirmed(
        _ request: CloneRequest, _ client: Client, _ context: CommandContext
    ) async throws -> CloneRequest {
        guard request.options.force, !global.yes, Prompt.canAsk(global) else { return request }
        let plan = try await client.plan(request)
        let replaced = plan.targets.filter { $0.findings.contains { $0.code == .vmExists } }
        if let first = replaced.first {
            let hosts = replaced.map(\.host).joined(separator: ", ")
            context.console.print("kvm-clone: VM '\(first.newName)' on \(hosts) will be replaced\n")
            try await Prompt.confirmReplacement(of: first.newName)
        }
        return request
    }
}

extension CloneRequest {
    /// True when the command could be told to replace a VM, and wasn't.
    fileprivate var canReplace: Bool { [.clone, .replicate].contains(kind) && !options.force }
}
