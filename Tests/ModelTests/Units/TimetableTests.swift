import FoundationEssentials
import Testing

@testable import Model

@Suite("Timetables")
struct TimetableTests {
    @Test(
        "each entry holds until the next, and the last one through midnight",
        arguments: [
            (0, nil), (479, nil), (480, 30 << 20), (719, 30 << 20), (720, 512 << 10), (1139, 512 << 10), (1140, nil),
            (1439, nil), (1440 + 480, 30 << 20), (-1, nil), (-1440 + 480, 30 << 20),
        ] as [(Int, UInt64?)])
    func limits(minute: Int, limit: UInt64?) throws {
        let table = try Timetable(parsing: "08:00,30M 12:00,512k  19:00,off")
        #expect(table.limit(at: minute) == limit)
    }

    @Test("before the first entry yesterday's last one holds")
    func wraps() throws {
        #expect(try Timetable(parsing: "08:00,off 20:00,1000").limit(at: 60) == 1000)
    }

    private static func minute(_ day: Timetable.Day, _ hour: Int, _ minute: Int = 0) -> Int {
        day.rawValue * 1440 + hour * 60 + minute
    }

    @Test(
        "an entry with a day holds from that day on, the last one of the week through Monday",
        arguments: [
            (minute(.monday, 7, 59), 3), (minute(.monday, 8), 1), (minute(.thursday, 0), 1),
            (minute(.friday, 18, 59), 1), (minute(.friday, 19), 2), (minute(.sunday, 11), 2), (minute(.sunday, 12), 3),
            (minute(.monday, 0), 3), (10_080, 3), (-1, 3),
        ] as [(Int, UInt64)])
    func weekdays(minute: Int, limit: UInt64) throws {
        #expect(try Timetable(parsing: "Mon-08:00,1 fri-19:00,2 SUN-12:00,3").limit(at: minute) == limit)
    }

    @Test(
        "entries without a day are for every day; where both begin at once, the one with a day holds",
        arguments: [
            (minute(.friday, 8), 1), (minute(.friday, 19), nil), (minute(.saturday, 8), 2), (minute(.saturday, 18), 2),
            (minute(.saturday, 19), nil), (minute(.sunday, 8), 1), (minute(.saturday, 7), nil),
        ] as [(Int, UInt64?)])
    func mixed(minute: Int, limit: UInt64?) throws {
        #expect(try Timetable(parsing: "08:00,1 Sat-08:00,2 19:00,off").limit(at: minute) == limit)
    }

    @Test("a single rate always holds", arguments: [("10M", 10 << 20), ("off", nil)] as [(String, UInt64?)])
    func constant(text: String, limit: UInt64?) throws {
        let table = try Timetable(parsing: text)
        #expect((0..<Timetable.minutesPerWeek).allSatisfy { table.limit(at: $0) == limit })
        #expect(table == Timetable(bytesPerSecond: limit))
        #expect(table.isConstant && table.isUnlimited == (limit == nil))
        #expect(try !Timetable(parsing: "08:00,1 09:00,off").isConstant)
    }

    @Test(
        "what is written reads back",
        arguments: ["08:00,30M 19:00,off", "00:00,1 23:59,1T", "Mon-08:00,10M 12:00,1K Sun-00:00,off"])
    func description(text: String) throws {
        #expect(try Timetable(parsing: text).description == text)
        let table = try Timetable(parsing: text)
        #expect(try JSONDecoder().decode([Timetable].self, from: JSONEncoder().encode([table])) == [table])
    }

    @Test(
        "faults are told by the part that has them, and by its place",
        arguments: [
            ("", "an empty timetable: write 08:00,30M 19:00,off", 1),
            ("08:00", "'08:00' isn't an entry: write HH:MM,RATE, such as 08:00,30M", 1),
            ("08:00,1M 09:00", "'09:00' isn't an entry: write HH:MM,RATE, such as 08:00,30M", 10),
            ("8:00,1M", "'8:00' isn't a time of day: write HH:MM, such as 08:00", 1),
            ("08-00,1M", "'08-00' isn't a time of day: write HH:MM, such as 08:00", 1),
            ("24:00,1M", "'24:00': times go from 00:00 to 23:59", 1),
            ("08:60,1M", "'08:60': times go from 00:00 to 23:59", 1),
            ("٠٨:٠٠,1M", "'٠٨:٠٠' isn't a time of day: write HH:MM, such as 08:00", 1),
            (
                "08:00,1M Day-08:00,1M",
                "'Day' isn't a day of the week: write Mon, Tue, Wed, Thu, Fri, Sat, Sun", 10
            ),
            ("Mon-8:00,1M", "'8:00' isn't a time of day: write HH:MM, such as 08:00", 5),
            ("08:00,1M  07:00,2M", "'07:00' comes after a later time: times must rise", 11),
            ("08:00,1M 08:00,2M", "'08:00' is there twice: times must rise", 10),
            ("Mon-08:00,1M mon-08:00,2M", "'mon-08:00' is there twice: times must rise", 14),
            ("08:00,0", "a rate of 0 would stop everything: write off for no limit", 7),
            ("08:00,1M:2M", "'1M:2M': one rate holds for each direction; up:down isn't supported", 7),
            ("08:00,OFF", "'OFF' isn't a size: write digits and K, M, G or T, such as 50M", 7),
            ("08:00,1M,2M", "'08:00,1M,2M' isn't an entry: write HH:MM,RATE, such as 08:00,30M", 1),
            ("10M 20M", "'10M' isn't an entry: write HH:MM,RATE, such as 08:00,30M", 1),
        ])
    func faults(text: String, message: String, character: Int) {
        #expect(throws: Timetable.Fault(message, at: character)) { try Timetable(parsing: text) }
    }
}
