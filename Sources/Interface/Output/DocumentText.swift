import Model
import YAML

/// Results for programs.
public enum DocumentText {
    /// `value` as JSON or YAML with its keys in the order of its encoding, ended with a newline.
    public static func render(_ value: any Encodable, as format: OutputFormat) throws(KVMCloneError) -> String {
        do {
            let tree = try YAMLValue(encoding: value)
            return format == .yaml ? YAMLEmitter.emit(tree) : tree.json() + "\n"
        } catch {
            throw KVMCloneError(.general, "the result can't be written as \(format.rawValue)", cause: "\(error)")
        }
    }
}
