import FoundationEssentials
import Interface
import KVMClone
import Model

/// The plan of a dry run, read back.
enum PlanFile {
    /// More than a plan for ten thousand hosts takes.
    private static let limit = 256 << 20

    private struct Document: Decodable {
        var distribution: DistributionSummary?
    }

    /// Blocks; `-` is standard input.
    static func read(_ path: String) throws(KVMCloneError) -> DistributionSummary {
        guard path != "-" else { return try parse(InputFile.readStandardInput(field: "plan", limit: limit)) }
        guard let bytes = try InputFile.read(path, field: "plan", limit: limit) else {
            throw KVMCloneError(
                .invalidPath, "there is no file '\(Validation.printable(path))'",
                whatToDo: "save a plan with `kvm-clone replicate … --dry-run -o json >FILE`", field: "plan")
        }
        return try parse(bytes)
    }

    static func parse(_ bytes: [UInt8]) throws(KVMCloneError) -> DistributionSummary {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch {
            throw KVMCloneError(
                .validation, "this is not the plan of a dry run", cause: reason(error),
                whatToDo: "make one with `kvm-clone replicate … --dry-run -o json`", field: "plan")
        }
        guard let distribution = document.distribution else {
            throw KVMCloneError(
                .validation, "the plan has no distribution",
                whatToDo: "see its findings: a plan in which every target is blocked sends nothing", field: "plan")
        }
        return distribution
    }

    /// What is wrong and where, without the decoder's own words for types.
    private static func reason(_ error: any Error) -> String {
        func place(_ path: [any CodingKey]) -> String {
            let names = path.map { $0.intValue.map { "[\($0)]" } ?? ".\(Validation.printable($0.stringValue))" }
            return names.isEmpty ? "the document" : String(names.joined().drop { $0 == "." })
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context)?: return "\(place(context.codingPath + [key])) is missing"
        case .valueNotFound(_, let context)?: return "\(place(context.codingPath)) is null"
        case .typeMismatch(_, let context)?: return "\(place(context.codingPath)) is of another kind"
        case .dataCorrupted(let context)?:
            return context.codingPath.isEmpty
                ? "it is not JSON" : "\(place(context.codingPath)) has a value that isn't known"
        default: return "\(error)"
        }
    }
}
