import Foundation
import Interface
import KVMClone
import Model

/// One run of `clone` or `replicate`.
struct CopyRun {
    var kind: OperationKind
    var operands: [String]
    var copy: CopyOptions
    var xml: XMLOptions
    var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global, flags: copy.flags)
        if let file = xml.originalXML {
            try OfflineRewrite(kind: kind, file: file, operands: operands, copy: copy, xml: xml).run(context)
            return
        }
        let request = try request(context.configuration)
        if xml.printXML || copy.dryRun {
            try await showPlan(request, context)
        } else {
            try await perform(request, context)
        }
    }

    /// The request that the command line and the configuration make.
    func request(_ configuration: Configuration) throws(KVMCloneError) -> CloneRequest {
        let offline = [("uuid", xml.uuid != nil), ("disk", !xml.disks.isEmpty), ("mac", !xml.macs.isEmpty)]
        if let (name, _) = offline.first(where: \.1) {
            throw KVMCloneError(
                .validation, "--\(name) goes with --original-xml only",
                whatToDo: "leave it out; a copy gets a new identity by itself", field: name)
        }
        if xml.printXML, global.output != nil {
            throw KVMCloneError(
                .validation, "--print-xml prints XML, whatever --output says",
                whatToDo: "leave one of them out; `--dry-run --output json` has the XML as well", field: "output")
        }
        let operands = try CopyOperands(operands)
        return CloneRequest(
            kind: kind, vm: operands.vm, source: operands.source, targets: operands.targets,
            options: try copy.cloneOptions(configuration))
    }

    private func showPlan(_ request: CloneRequest, _ context: CommandContext) async throws {
        let (plan, distribution) = try await context.withClient { client in
            let plan = try await client.plan(request)
            return (plan, try await client.distribution(of: plan, options: request.options))
        }
        if xml.printXML {
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
            if xml.printXML { context.console.print(PlanText.findings(plan)) }
            throw Finish(code: .preflight)
        }
    }

    private func perform(_ request: CloneRequest, _ context: CommandContext) async throws {
        let (presentation, result) = try await context.withClient { client in
            if let begun = try await client.interrupted(like: request) {
                return try await goOn(with: begun, request, client, context)
            }
            let presentation = CopyPresentation(kind: kind, id: OperationID(), context: context)
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
        let presentation = CopyPresentation(kind: kind, id: begun.id, context: context)
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
        } catch let failure as OperationError where failure.error.code == .vmExists && !request.options.force {
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
