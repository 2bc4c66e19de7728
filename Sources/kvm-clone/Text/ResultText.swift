import Interface
import Model

/// The results of a copy for people.
enum ResultText {
    static func table(_ result: OperationResult) -> Table {
        var table = Table([
            .init("host"), .init("name"), .init("status"),
            .init(sizeTitle(result.kind), alignsRight: true),
            .init("wire", alignsRight: true), .init("time", alignsRight: true), .init("verified"), .init("path"),
            .init("operation", isWideOnly: true),
        ])
        for target in result.targets {
            let isComplete = target.error == nil
            table.add([
                target.host, target.newName, status(target),
                isComplete ? ByteCount.format(target.logicalBytes) : kept(target), ByteCount.format(target.wireBytes),
                DurationText.span(target.seconds), isComplete ? (target.verified ? "yes" : "no") : "",
                target.path?.rawValue ?? "", result.id.description,
            ])
        }
        return table
    }

    private static func sizeTitle(_ kind: OperationKind) -> String {
        switch kind {
        case .sync: "changed"
        case .migrate: "copied"
        default: "size"
        }
    }

    private static func status(_ target: TargetOutcome) -> String {
        guard let error = target.error else { return "complete" }
        return target.kept == nil ? "[\(error.code.rawValue)]" : "interrupted"
    }

    private static func kept(_ target: TargetOutcome) -> String {
        guard let kept = target.kept, kept > 0 else { return "" }
        return "\(ByteCount.format(kept)) kept"
    }
}
