import Model
import YAML

/// How errors are told on standard error.
public struct ErrorText: Sendable {
    /// The format of standard output: documents ask for error documents.
    public var format: OutputFormat
    /// Colours for people.
    public var paint: Paint

    /// Makes a teller of errors.
    public init(format: OutputFormat, paint: Paint = Paint(isOn: false)) {
        self.format = format
        self.paint = paint
    }

    /// The error with a newline at its end: `kvm-clone: [1003] kvm1: …`, its cause and what to try; or the error
    /// document when a program reads.
    public func render(_ error: KVMCloneError, timestamp: String, operation: OperationID? = nil) -> String {
        guard !format.isDocument else {
            return document(error, timestamp: timestamp, operation: operation)
        }
        let place = error.host.map { "\($0): " } ?? ""
        let told = Validation.harmless("\(place)\(error.message)")
        var lines = ["kvm-clone: \(paint.red("[\(error.code.rawValue)]")) \(told)"]
        if let cause = error.cause.map(Validation.harmless), !cause.isEmpty, cause != error.message {
            lines += cause.split(separator: "\n").map { "  \($0)" }
        }
        if let advice = error.whatToDo.map(Validation.harmless), !advice.isEmpty {
            let parts = advice.split(separator: "\n")
            lines += parts.enumerated().map { ($0 == 0 ? "  try: " : "       ") + $1 }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func document(_ error: KVMCloneError, timestamp: String, operation: OperationID?) -> String {
        let body = ErrorDocument(error, timestamp: timestamp, operation: operation)
        // Its encoding writes strings and integers only, so it can't fail; if it did, the error itself must be told.
        guard let tree = try? YAMLValue(encoding: body) else { return "\(error)\n" }
        return format == .yaml ? YAMLEmitter.emit(tree) : tree.json() + "\n"
    }
}
