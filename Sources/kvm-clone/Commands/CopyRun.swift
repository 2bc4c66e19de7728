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
        let id = OperationID()
        let file = try context.eventsFile()
        do {
            let result = try await context.withClient { client in
                let request = try await confirmed(request, client, context)
                do {
                    return try await Self.run(request, id, client, context, file)
                } catch let error as KVMCloneError where error.code == .vmExists && !request.options.force {
                    // Nothing has begun, so the question is still open.
                    guard Prompt.canAsk(global) else { throw error }
                    context.tell(error, operation: id)
                    try await Prompt.confirmReplacement(of: request.options.newName ?? request.vm)
                    var forced = request
                    forced.options.force = true
                    return try await Self.run(forced, id, client, context, file)
                }
            }
            // On a terminal the view's last lines come before the result.
            await context.console.flushed()
            try show(result, context)
        } catch let error as KVMCloneError {
            throw OperationError(error: error, operation: id)
        } catch is CancellationError {
            throw OperationError(error: KVMCloneError(.cancelled, "the operation was stopped"), operation: id)
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

    private static func run(
        _ request: CloneRequest, _ id: OperationID, _ client: Client, _ context: CommandContext, _ file: EventsFile?
    ) async throws -> OperationResult {
        let environment = context.environment
        let reporter = ProgressReporter(
            id: id, mode: context.progressMode, console: context.console, eventsFile: file,
            terminal: { Terminal(descriptor: STDERR_FILENO, environment: environment) })
        defer { reporter.finish() }
        return try await client.run(request, id: id) { reporter.receive($0) }
    }

    private func show(_ result: OperationResult, _ context: CommandContext) throws {
        let responses = CloneResponses(result, now: Timestamp.utc())
        switch context.output {
        case .json, .yaml:
            let isOne = kind == .clone && responses.all.count == 1
            let document: any Encodable = isOne ? responses.all[0] : responses.all
            try StandardOutput.write(DocumentText.render(document, as: context.output))
        case .name:
            try StandardOutput.write(result.targets.filter { $0.error == nil }.map { $0.newName + "\n" }.joined())
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
