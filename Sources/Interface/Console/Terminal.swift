import Glibc

/// What is known of the terminal behind a stream.
public struct Terminal: Sendable, Equatable {
    /// Whether the stream is a terminal at all.
    public var isTerminal: Bool
    /// Columns; 80 when nobody says.
    public var columns = 80
    /// Lines; 24 when nobody says.
    public var lines = 24
    /// Whether the locale's characters are UTF-8.
    public var isUTF8 = true

    /// A description from its parts.
    public init(isTerminal: Bool, columns: Int = 80, lines: Int = 24, isUTF8: Bool = true) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.lines = lines
        self.isUTF8 = isUTF8
    }

    /// Asks the kernel about `descriptor` and the environment about the locale. Doesn't block.
    public init(descriptor: Int32, environment: [String: String]) {
        self.init(isTerminal: isatty(descriptor) == 1, isUTF8: Self.isUTF8(environment))
        var size = winsize()
        if isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
            columns = Int(size.ws_col)
            lines = max(2, Int(size.ws_row))
        } else if let text = environment["COLUMNS"], let number = Int(text), (20...1000).contains(number) {
            columns = number
        }
    }

    /// Whether the locale of `environment` is UTF-8: the first of LC_ALL, LC_CTYPE and LANG that is set decides.
    static func isUTF8(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let charset = locale.uppercased()
        return charset.contains("UTF-8") || charset.contains("UTF8")
    }
}
