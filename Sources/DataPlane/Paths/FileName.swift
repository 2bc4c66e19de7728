import Model

/// The name of one file in a folder, checked: it can't leave the folder and can be shown as it is.
public struct FileName: Sendable, Hashable, CustomStringConvertible {
    /// The name itself.
    public let string: String

    /// The longest name that Linux file systems take, in bytes.
    public static let maximumLength = 255
    /// What the names of unfinished files start with.
    static let temporaryPrefix = OperationFiles.prefix
    static let temporarySuffix = ".partial"
    static let journalSuffix = ".journal"

    /// Takes any name that is one path component; `-rf` and `$(x)` are names like others, since no shell sees them.
    public init(_ string: String) throws(PathError) {
        try Self.check(string)
        guard !string.hasPrefix(Self.temporaryPrefix) else {
            throw .badName(string, reason: "names that start with \(Self.temporaryPrefix) are for unfinished copies")
        }
        self.string = string
    }

    /// The name of an unfinished file: number `number` of an operation.
    ///
    /// - Parameter operation: 1 to 64 ASCII letters, digits and `-`.
    static func temporary(operation: String, number: Int) throws(PathError) -> FileName {
        FileName(unchecked: try temporaryPrefix(operation: operation) + String(number) + temporarySuffix)
    }

    /// What the names of all unfinished files of one operation start with.
    static func temporaryPrefix(operation: String) throws(PathError) -> String {
        guard isOperation(operation) else {
            throw .badName(operation, reason: "an operation's id has 1 to 64 letters, digits and dashes")
        }
        return "\(temporaryPrefix)\(operation)-"
    }

    /// The name of the journal of an unfinished file.
    static func journal(operation: String, number: Int) throws(PathError) -> FileName {
        FileName(unchecked: try temporaryPrefix(operation: operation) + String(number) + journalSuffix)
    }

    /// Whether that can be an operation's id: 1 to 64 ASCII letters, digits and `-`.
    public static func isOperation(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private init(unchecked string: String) { self.string = string }

    static func check(_ string: String) throws(PathError) {
        let reason: String? =
            if string.isEmpty {
                "it is empty"
            } else if string.utf8.count > maximumLength {
                "it is longer than \(maximumLength) bytes"
            } else if string == "." || string == ".." {
                "it stands for a folder"
            } else if string.utf8.contains(UInt8(ascii: "/")) {
                "it contains a /"
            } else if string.unicodeScalars.contains(where: isControl) {
                "it contains a control character"
            } else {
                nil
            }
        if let reason { throw .badName(string, reason: reason) }
    }

    /// C0, DEL and C1.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// The name itself.
    public var description: String { string }
}
