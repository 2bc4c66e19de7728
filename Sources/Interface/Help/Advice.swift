import YAML

/// What to do about a word that nobody knows.
public enum Advice {
    /// A sentence that proposes the nearest candidate, or names all of them.
    public static func forWord(_ word: String, among candidates: [String]) -> String {
        Suggestion.nearest(to: word, among: candidates).map { "did you mean '\($0)'?" }
            ?? "use one of: \(candidates.joined(separator: ", "))"
    }
}
