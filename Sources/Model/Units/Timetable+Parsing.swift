extension Timetable {
    /// What is wrong with a text, and where.
    public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong.
        public let message: String
        /// The first character of the part that is wrong, from 1.
        public let character: Int

        init(_ message: String, at character: Int) {
            self.message = message
            self.character = character
        }

        /// The message with its place, unless that is the beginning.
        public var description: String { character > 1 ? "\(message) (at character \(character))" : message }
    }

    /// Reads a timetable in the notation that rclone made known, `08:00,30M 19:00,off` or `Mon-08:00,30M Fri-19:00,off`,
    /// or a single rate that always holds. Unlike rclone's, digits without a unit are bytes and not KiB.
    ///
    /// Each entry holds until the next one, and the last one on to the first. Entries without a day are for every day;
    /// where two begin at the same time, the one with a day holds. Times must rise among the entries of each kind and
    /// day.
    public init(parsing text: String) throws(Fault) {
        let words = Word.all(in: text)
        guard let first = words.first else { throw Fault("an empty timetable: write 08:00,30M 19:00,off", at: 1) }
        if words.count == 1, !first.text.contains(where: { $0 == "," || $0 == ":" }) {
            self.init([Entry(day: nil, minuteOfDay: 0, bytesPerSecond: try first.rate())])
            return
        }
        var entries: [Entry] = []
        for word in words {
            let parts = word.split(at: ",")
            guard parts.count == 2 else {
                throw word.fault("isn't an entry: write HH:MM,RATE, such as 08:00,30M")
            }
            let (day, minute) = try parts[0].moment()
            if let previous = entries.last(where: { $0.day == day })?.minuteOfDay, minute <= previous {
                throw parts[0].fault(
                    minute == previous ? "is there twice: times must rise" : "comes after a later time: times must rise"
                )
            }
            entries.append(Entry(day: day, minuteOfDay: minute, bytesPerSecond: try parts[1].rate()))
        }
        self.init(entries)
    }
}

/// A part of a timetable's text, with its place.
private struct Word {
    var text: Substring
    /// Its first character, from 1.
    var place: Int

    /// The parts between blanks.
    static func all(in text: String) -> [Word] {
        text.split { $0 == " " || $0 == "\t" || $0 == "\n" }.map { part in
            Word(text: part, place: text.distance(from: text.startIndex, to: part.startIndex) + 1)
        }
    }

    func split(at separator: Character) -> [Word] {
        text.split(separator: separator, omittingEmptySubsequences: false).map { part in
            Word(text: part, place: place + text.distance(from: text.startIndex, to: part.startIndex))
        }
    }

    func fault(_ message: String, separator: String = " ") -> Timetable.Fault {
        let shown = text.count > 40 ? text.prefix(40) + "…" : text
        return Timetable.Fault("'\(Validation.printable(String(shown)))'\(separator)\(message)", at: place)
    }

    func moment() throws(Timetable.Fault) -> (day: Timetable.Day?, minute: Int) {
        guard let hyphen = text.firstIndex(of: "-"), text[hyphen...].contains(":") else { return (nil, try minute()) }
        let name = text[..<hyphen]
        let known = Timetable.Day.allCases
        guard let day = known.first(where: { $0.description.lowercased() == name.lowercased() }) else {
            throw Word(text: name, place: place).fault(
                "isn't a day of the week: write \(known.map(\.description).joined(separator: ", "))")
        }
        let time = Word(text: text[text.index(after: hyphen)...], place: place + name.count + 1)
        return (day, try time.minute())
    }

    func minute() throws(Timetable.Fault) -> Int {
        let bytes = Array(text.utf8)
        let isShaped = bytes.count == 5 && bytes[2] == UInt8(ascii: ":")
        guard isShaped, let hour = Self.digits(bytes[0...1]), let minute = Self.digits(bytes[3...4]) else {
            throw fault("isn't a time of day: write HH:MM, such as 08:00")
        }
        guard hour <= 23, minute <= 59 else { throw fault("times go from 00:00 to 23:59", separator: ": ") }
        return hour * 60 + minute
    }

    private static func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.reduce(0) { value, byte in
            guard let value, (0x30...0x39).contains(byte) else { return nil }
            return value * 10 + Int(byte - 0x30)
        }
    }

    func rate() throws(Timetable.Fault) -> UInt64? {
        if text == "off" { return nil }
        if text.contains(":") {
            throw fault("one rate holds for each direction; up:down isn't supported", separator: ": ")
        }
        guard let rate = ByteCount.parse(String(text)) else {
            throw fault("isn't a size: write digits and K, M, G or T, such as 50M")
        }
        guard rate > 0 else {
            throw Timetable.Fault("a rate of 0 would stop everything: write off for no limit", at: place)
        }
        return rate
    }
}
