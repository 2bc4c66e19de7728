/// "Did you mean": the known word that is fewest edits away.
public enum Suggestion {
    private static let mostCompared = 200

    /// The nearest of the first 200 of `known` within a third of the word's length (at least one edit, or a different case), or nil.
    public static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let folded = Array(word.lowercased().utf8)
        let scored = known.prefix(mostCompared).map { (distance(folded, Array($0.lowercased().utf8)), $0) }
        guard let best = scored.min(by: { $0.0 < $1.0 }), best.0 <= max(1, folded.count / 3) else { return nil }
        return best.1
    }

    /// ` (did you mean 'x'?)`, or the list of what is known where nothing is near and the list is short.
    public static func phrase(for word: String, among known: [String]) -> String {
        if let near = nearest(to: word, among: known) { return " (did you mean '\(near)'?)" }
        return known.isEmpty ? "" : " (known: \(known.prefix(24).joined(separator: ", ")))"
    }

    /// Levenshtein's distance, by rows (Wagner and Fischer, 1974).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substitution = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
