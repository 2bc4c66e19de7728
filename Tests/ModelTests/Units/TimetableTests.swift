import Testing
import YAML

@testable import Topology

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

    @Test("a single rate holds all day", arguments: [("10M", 10 << 20), ("off", nil)] as [(String, UInt64?)])
    func constant(text: String, limit: UInt64?) throws {
        let table = try Timetable(parsing: text)
        #expect((0..<1440).allSatisfy { table.limit(at: $0) == limit })
    }

    @Test("what is written reads back", arguments: ["08:00,30M 19:00,off", "00:00,1 23:59,1T"])
    func description(text: String) throws {
        #expect(try Timetable(parsing: text).description == text)
    }

    @Test(
        "faults are told by the part that has them",
        arguments: [
            ("", "an empty timetable: write 08:00,30M 19:00,off"),
            ("08:00", "'08:00' isn't an entry: write HH:MM,RATE, such as 08:00,30M"),
            ("08:00,1M 09:00", "'09:00' isn't an entry: write HH:MM,RATE, such as 08:00,30M"),
            ("8:00,1M", "'8:00' isn't a time of day: write HH:MM, such as 08:00"),
            ("08-00,1M", "'08-00' isn't a time of day: write HH:MM, such as 08:00"),
            ("24:00,1M", "'24:00': times go from 00:00 to 23:59"),
            ("08:60,1M", "'08:60': times go from 00:00 to 23:59"),
            ("٠٨:٠٠,1M", "'٠٨:٠٠' isn't a time of day: write HH:MM, such as 08:00"),
            ("Mon-08:00,1M", "'Mon-08:00': days of the week aren't supported, only HH:MM"),
            ("08:00,1M 07:00,2M", "'07:00' comes after a later time: times must rise"),
            ("08:00,1M 08:00,2M", "'08:00' is there twice: times must rise"),
            ("08:00,0", "a rate of 0 would stop everything: write off for no limit"),
            ("08:00,1M:2M", "'1M:2M': one rate holds for each direction; up:down isn't supported"),
            ("08:00,OFF", "'OFF' isn't a size: write digits and K, M, G or T, such as 50M"),
            ("08:00,1M,2M", "'08:00,1M,2M' isn't an entry: write HH:MM,RATE, such as 08:00,30M"),
        ])
    func faults(text: String, message: String) {
        #expect(throws: InvalidValue(message)) { try Timetable(parsing: text) }
    }
}
