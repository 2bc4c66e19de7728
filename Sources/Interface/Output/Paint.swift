/// Colours for a terminal, or none.
public struct Paint: Sendable, Equatable {
    /// False leaves every text as it is.
    public var isOn: Bool

    /// Makes a palette.
    public init(isOn: Bool) { self.isOn = isOn }

    /// `text` in red: what failed.
    public func red(_ text: String) -> String { wrap(text, "31") }
    /// `text` in green: what is done.
    public func green(_ text: String) -> String { wrap(text, "32") }
    /// `text` in yellow: what to look at.
    public func yellow(_ text: String) -> String { wrap(text, "33") }
    /// `text` in cyan: what goes on.
    public func cyan(_ text: String) -> String { wrap(text, "36") }
    /// `text` in bold.
    public func bold(_ text: String) -> String { wrap(text, "1") }

    private func wrap(_ text: String, _ code: String) -> String {
        isOn && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}

/// When to use colours.
public enum ColorChoice: String, Sendable, CaseIterable {
    case auto, always, never

    /// Whether to colour a stream: the choice, else NO_COLOR and FORCE_COLOR, else whether it is a terminal that can.
    public func isOn(isTerminal: Bool, environment: [String: String]) -> Bool {
        func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
        switch self {
        case .always: return true
        case .never: return false
        case .auto:
            if isSet("NO_COLOR") { return false }
            if let force = environment["FORCE_COLOR"], !force.isEmpty { return force != "0" }
            return isTerminal && environment["TERM"] != "dumb"
        }
    }
}
