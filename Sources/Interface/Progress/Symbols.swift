/// The signs of the progress view, for terminals with and without UTF-8.
struct Symbols: Sendable {
    var spinner: [String]
    /// Fillings of one cell of the bar, from empty to full.
    var blocks: [String]
    var barEdges: (String, String)
    var done: String
    var failed: String
    var arrow: String
    var dot: String
    var ellipsis: String

    static let unicode = Symbols(
        spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
        blocks: [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"], barEdges: ("", ""), done: "✓", failed: "✗", arrow: "→",
        dot: "·", ellipsis: "…")
    static let ascii = Symbols(
        spinner: ["|", "/", "-", "\\"], blocks: [" ", "#"], barEdges: ("[", "]"), done: "+", failed: "x", arrow: "->",
        dot: "-", ellipsis: "..")

    /// A bar of `width` columns, edges included, with a share from 0 to 1 filled, rounded down.
    func bar(_ share: Double, width: Int) -> String {
        let cells = max(1, width - barEdges.0.count - barEdges.1.count)
        let steps = blocks.count - 1
        let filled = Int(share * Double(cells * steps))
        let body = (0..<cells).map { blocks[min(steps, max(0, filled - $0 * steps))] }.joined()
        return barEdges.0 + body + barEdges.1
    }
}
