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
        let context = try CommandContext(global, flags: copy.transfer.flags)
        if let file = xml.originalXML {
            try OfflineRewrite(kind: kind, file: file, operands: operands, copy: copy, xml: xml).run(context)
            return
        }
        let request = try request(context.configuration)
        let run = RequestRun(request: request, global: global)
        if xml.printXML || copy.transfer.dryRun {
            try await run.showPlan(context, printsXML: xml.printXML)
        } else {
            try await run.perform(context)
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
}
