import Model
import Testing

@testable import Coordinator

@Suite("The clock that timetables mean")
struct WallClockTests {
    /// A clock that stands at a time, `UTC + 1 h` and from `change` on `after`.
    private static func clock(_ now: Double, change: Int = .max, after: Int = 7200) -> WallClock {
        WallClock(now: { now }, offset: { $0 < change ? 3600 : after })
    }

    @Test(
        "counts minutes from Monday 00:00 local time",
        arguments: [
            // 1970-01-01 00:00 UTC is Thursday 01:00.
            (0.0, 3 * 1440 + 60), (-3600, 3 * 1440), (-3601, 3 * 1440 - 1), (59.9, 3 * 1440 + 60),
            // Monday, 5 January 1970, 00:00, and the second before.
            (4 * 86_400 - 3600, 0), (4 * 86_400 - 3601, 10_079),
        ] as [(Double, Int)])
    func minutes(now: Double, minute: Int) { #expect(Self.clock(now).minuteOfWeek == minute) }

    @Test("an entry at a time that summer time leaves out begins with the hour after it; one that comes twice holds on")
    func summerTime() throws {
        let table = try Timetable(parsing: "00:00,1 02:30,2 04:00,3")
        // At 02:00 local, 01:00 UTC, the clock is put to 03:00.
        let gap = 86_400 * 3 + 3600
        func limit(_ now: Int, after: Int) -> UInt64? {
            table.limit(at: Self.clock(Double(now), change: gap, after: after).minuteOfWeek)
        }
        #expect(limit(gap - 1, after: 7200) == 1)
        #expect(limit(gap, after: 7200) == 2)
        #expect(limit(gap + 3600, after: 7200) == 3)
        // At 02:00 it is put back to 01:00: 02:30 comes 90 minutes later.
        #expect(limit(gap - 1, after: 0) == 1)
        #expect(limit(gap, after: 0) == 1)
        #expect(limit(gap + 5399, after: 0) == 1)
        #expect(limit(gap + 5400, after: 0) == 2)
    }

    @Test(
        "looks again within a second of every whole minute, and every 10 s",
        arguments: [(0.0, 10.0), (49, 10), (50.5, 9.52), (59.5, 0.52), (59.99, 0.03), (60, 10), (-0.5, 0.52)])
    func looks(now: Double, seconds: Double) {
        #expect(abs(Self.clock(now).secondsUntilNextLook - seconds) < 1e-6)
    }

    @Test("this machine's clock runs, and its zone is within a day of UTC")
    func system() {
        let clock = WallClock.system
        #expect(clock.now() > 1_600_000_000 && abs(clock.offset(Int(clock.now()))) < 86_400)
        #expect((0..<Timetable.minutesPerWeek).contains(clock.minuteOfWeek))
    }
}
