import YAML

extension Suggestion {
    /// A sentence that proposes the nearest candidate, or names all of them.
    public static func advice(for word: String, among candidates: [String]) -> String {
        nearest(to: word, among: candidates).map { "did you mean '\($0)'?" }
            ?? "use one of: \(candidates.joined(separator: ", "))"
    }
}
