import Model

/// XML in lines of one element each. Texts and values of attributes are escaped.
struct SVGWriter {
    private(set) var text = ""
    private var open: [String] = []

    /// An element with attributes and perhaps a text, on a line of its own.
    mutating func element(_ name: String, _ attributes: [(String, String)], _ content: String? = nil) {
        let tag = Self.tag(name, attributes)
        line(content.map { "<\(tag)>\(Self.escaped($0))</\(name)>" } ?? "<\(tag)/>")
    }

    /// An element with a title, which viewers show when one points at it.
    mutating func element(_ name: String, _ attributes: [(String, String)], title: String) {
        line("<\(Self.tag(name, attributes))><title>\(Self.escaped(title))</title></\(name)>")
    }

    /// Begins an element that holds others.
    mutating func begin(_ name: String, _ attributes: [(String, String)] = []) {
        line("<\(Self.tag(name, attributes))>")
        open.append(name)
    }

    /// Ends the innermost element.
    mutating func end() {
        if let name = open.popLast() { line("</\(name)>") }
    }

    /// A line as it is; for what this program has written itself.
    mutating func line(_ raw: String) { text += String(repeating: " ", count: open.count) + raw + "\n" }

    private static func tag(_ name: String, _ attributes: [(String, String)]) -> String {
        ([name] + attributes.map { "\($0.0)=\"\(escaped($0.1))\"" }).joined(separator: " ")
    }

    /// `text` for content and for attributes in double quotes. What XML 1.0 doesn't allow at all becomes U+FFFD.
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case _ where !isAllowed(scalar.value): result.append("\u{fffd}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// Characters of XML 1.0, section 2.2, without control characters and those that turn the direction of text.
    private static func isAllowed(_ value: UInt32) -> Bool {
        switch value {
        case 0x20...0x7e, 0xa0...0x200d, 0x2010...0x2029, 0x202f...0x2065, 0x206a...0xd7ff, 0xe000...0xfffd: true
        case 0x10000...: true
        default: false
        }
    }
}

/// A number as SVG has it: at most one digit after the point, so that the same picture is the same text everywhere.
func coordinate(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let rest = abs(tenths) % 10
    return "\(sign)\(abs(tenths) / 10)" + (rest == 0 ? "" : ".\(rest)")
}
