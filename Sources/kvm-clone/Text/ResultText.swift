import Interface
import Model

/// The results of a copy for people.
enum ResultText {
    static func table(_ result: OperationResult) -> Table {
        var table = Table([
            .init("host"), .init("name"), .init("status"), .init("size", alignsRight: true),
            .init("wire", alignsRight: true), .init("time", alignsRight: true), .init("verified"), .init("path"),
            .init("operation", isWideOnly: true),
        ])
        for target in result.targets {
            let isComplete = target.error == nil
            table.add([
                target.host, target.newName, target.error.map { "[\($0.code.rawValue)]" } ?? "complete",
                isComplete ? ByteCount.format(target.logicalBytes) : "", ByteCount.format(target.wireBytes),
                DurationText.span(target.seconds), isComplete ? (target.verified ? "yes" : "no") : "",
                target.path?.rawValue ?? "", result.id.description,
            ])
        }
        return table
    }
}
