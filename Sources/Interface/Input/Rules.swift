import Model

/// The rules for values that people give: as options, in the environment or in files. Each takes the text and the
/// name of what it was given for, which becomes the error's field.
public enum Rules {
    /// A TCP port, 1-65535.
    public static func port(_ text: String, field: String) throws(KVMCloneError) -> Int {
        try whole(text, in: 1...65535, code: .invalidPort, what: "a port", field: field)
    }

    /// Seconds, 1-86400.
    public static func seconds(_ text: String, field: String) throws(KVMCloneError) -> Int {
        try whole(text, in: 1...86400, code: .invalidTimeout, what: "a time in seconds", field: field)
    }

    /// Streams per copy, 1-16.
    public static func parallel(_ text: String, field: String) throws(KVMCloneError) -> Int {
        try whole(text, in: 1...16, code: .validation, what: "a number of streams", field: field)
    }

    /// A whole number in `range`, digits only.
    public static func whole(
        _ text: String, in range: ClosedRange<Int>, code: ErrorCode = .validation, what: String, field: String
    ) throws(KVMCloneError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
            range.contains(number)
        else {
            throw KVMCloneError(
                code, "'\(Validation.printable(text))' is not \(what)",
                whatToDo: "use \(range.lowerBound) to \(range.upperBound)", field: field)
        }
        return number
    }

    /// Bytes per second: digits with K, M, G or T, or `off`; or a timetable of them.
    public static func bandwidth(_ text: String, field: String) throws(KVMCloneError) -> Timetable {
        do throws(Timetable.Fault) { return try Timetable(parsing: text) } catch {
            throw KVMCloneError(
                .invalidBandwidth, "'\(Validation.printable(text))' is not a bandwidth", cause: error.description,
                whatToDo:
                    "use bytes per second with K, M, G or T, such as 50M, or a timetable such as '08:00,10M 19:00,off'",
                field: field)
        }
    }

    /// A size in bytes: digits with K, M, G or T and perhaps a B, such as `10MB`.
    public static func size(_ text: String, field: String) throws(KVMCloneError) -> UInt64 {
        let digits = text.last?.uppercased() == "B" ? String(text.dropLast()) : text
        guard let number = ByteCount.parse(digits), number > 0 else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is not a size",
                whatToDo: "use bytes with K, M, G or T, such as 10M", field: field)
        }
        return number
    }

    /// `true` or `false`.
    public static func flag(_ text: String, field: String) throws(KVMCloneError) -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is neither true nor false",
                whatToDo: "use true or false", field: field)
        }
    }

    /// When to compress: `true`, `false`, `auto`, or `on` and `off`.
    public static func compression(_ text: String, field: String) throws(KVMCloneError) -> CloneOptions.Compression {
        switch text.lowercased() {
        case "true", "on": return .on
        case "false", "off": return .off
        case "auto": return .auto
        default:
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' doesn't say when to compress",
                whatToDo: "use true, false or auto", field: field)
        }
    }

    /// Ports on which hosts listen: `FROM-TO`, both 1024-65535.
    public static func portRange(_ text: String, field: String) throws(KVMCloneError) -> ClosedRange<UInt16> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 1024, first <= last else {
            throw KVMCloneError(
                .invalidPort, "'\(Validation.printable(text))' is not a range of ports",
                whatToDo: "use FROM-TO with ports of 1024 or more, such as 49152-49215", field: field)
        }
        return first...last
    }

    /// A path: not empty, without NUL and control characters.
    public static func path(_ text: String, field: String) throws(KVMCloneError) -> String {
        guard !text.isEmpty, text.utf8.count <= 4095, text.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
            throw KVMCloneError(
                .invalidPath, "'\(Validation.printable(text))' is not a path", whatToDo: "name a file", field: field)
        }
        return text
    }

    /// An absolute path without `..`.
    public static func absolutePath(_ text: String, field: String) throws(KVMCloneError) -> String {
        let path = try path(text, field: field)
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw KVMCloneError(
                .invalidPath, "'\(Validation.printable(text))' is not an absolute path",
                whatToDo: "begin it with '/', and leave '..' out", field: field)
        }
        return path
    }

    /// A word of an enumeration, in any case.
    public static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, field: String, as type: Choice.Type = Choice.self
    ) throws(KVMCloneError) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text.lowercased()) else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is not a value of \(field)",
                whatToDo: "use one of: \(Choice.allCases.map(\.rawValue).joined(separator: ", "))", field: field)
        }
        return choice
    }

    /// A MAC address, six octets with colons or hyphens; returned in lower case with colons.
    public static func mac(_ text: String, field: String) throws(KVMCloneError) -> String {
        let octets = text.lowercased().split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        let isHex = octets.allSatisfy { $0.utf8.count == 2 && UInt8($0, radix: 16) != nil && !$0.hasPrefix("+") }
        guard octets.count == 6, isHex, let first = UInt8(octets[0], radix: 16) else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is not a MAC address",
                whatToDo: "use six octets such as 52:54:00:12:34:56", field: field)
        }
        guard first & 1 == 0 else {
            throw KVMCloneError(
                .validation, "'\(text)' is a multicast address", whatToDo: "use an even first octet, such as 52",
                field: field)
        }
        return octets.joined(separator: ":")
    }

    /// A UUID with hyphens; returned in lower case.
    public static func uuid(_ text: String, field: String) throws(KVMCloneError) -> String {
        let groups = text.lowercased().split(separator: "-", omittingEmptySubsequences: false)
        let isUUID =
            groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && groups.joined().utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isUUID else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is not a UUID",
                whatToDo: "use the form 123e4567-e89b-12d3-a456-426614174000", field: field)
        }
        return text.lowercased()
    }

    /// `KEY=VALUE` pairs, each key once.
    public static func pairs(_ texts: [String], field: String) throws(KVMCloneError) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for text in texts {
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw KVMCloneError(
                    .validation, "'\(Validation.printable(text))' is not of the form TARGET=VALUE",
                    whatToDo: "write it as in vda=/path", field: field)
            }
            let key = String(text[..<equals])
            guard !pairs.contains(where: { $0.key == key }) else {
                throw KVMCloneError(
                    .validation, "'\(Validation.printable(key))' is given twice", whatToDo: "give it once", field: field
                )
            }
            pairs.append((key, String(text[text.index(after: equals)...])))
        }
        return pairs
    }
}
