import YAML

/// One thing that is wrong in a topology file.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what would be right.
    public let message: String
    /// The place, or nil where the file as a whole is meant.
    public let mark: YAMLMark?
    /// A second place that the finding is about, such as the first of two declarations.
    public let related: YAMLMark?

    /// A finding made of its parts.
    public init(_ message: String, at mark: YAMLMark?, related: YAMLMark? = nil) {
        self.message = message
        self.mark = mark
        self.related = related
    }

    /// `line:column: message`, without the place where there is none.
    public var description: String { mark.map { "\($0): \(message)" } ?? message }
}

/// All that is wrong in a topology file, in the file's order.
public struct TopologyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as the user named it, if there is one.
    public let file: String?
    /// At least one finding.
    public let findings: [Finding]
    private static let mostPrinted = 50

    /// An error made of its parts.
    public init(file: String?, findings: [Finding]) {
        self.file = file
        self.findings = findings
    }

    /// One line per finding, `file:line:column: message`; after fifty, how many more there are.
    public var description: String {
        var lines = findings.prefix(Self.mostPrinted).map { finding in
            YAMLError(finding.message, at: finding.mark, file: file).description
        }
        if findings.count > lines.count { lines.append("and \(findings.count - lines.count) more") }
        return lines.joined(separator: "\n")
    }
}
