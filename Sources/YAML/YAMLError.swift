/// Why a text can't be used, and where.
public struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what would be right.
    public var message: String
    /// The place, or nil where the whole file is meant (it can't be read, it is too long).
    public var mark: YAMLMark?
    /// The file's name as the user gave it.
    public var file: String?

    /// An error at a place.
    public init(_ message: String, at mark: YAMLMark?, file: String? = nil) {
        self.message = message
        self.mark = mark
        self.file = file
    }

    /// Line from 1, if the error has a place.
    public var line: Int? { mark?.line }
    /// Column from 1, if the error has a place.
    public var column: Int? { mark?.column }

    /// The same error in a named file, unless it already has one.
    public func inFile(_ name: String?) -> YAMLError {
        YAMLError(message, at: mark, file: file ?? name)
    }

    /// `file:line:column: message`, without the parts that aren't known.
    public var description: String {
        [file, mark?.description].compactMap { $0 }.map { "\($0):" }.joined() + (file == nil && mark == nil ? "" : " ")
            + message
    }
}

/// A text value that doesn't follow its own small grammar. The caller knows the place and adds it.
public struct InvalidValue: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what would be right.
    public let message: String

    /// An error with its message.
    public init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { message }
}

/// The text with its control characters escaped and cut to a length that fits a message.
package func shortened(_ text: String, limit: Int = 60) -> String {
    var out = ""
    for (count, scalar) in text.unicodeScalars.enumerated() {
        if count == limit { return out + "…" }
        let isSafe = scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar.properties.isPrintable
        out += isSafe ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    }
    return out
}

/// `shortened(text)` between single quotes, for messages.
package func quoted(_ text: String) -> String { "'\(shortened(text))'" }

extension Unicode.Scalar.Properties {
    /// False for controls, format characters (which can turn a terminal's line round) and unassigned code points.
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
