import Glibc
import Model

/// The time that timetables mean: what a clock on the wall shows, with summer time and all.
package struct WallClock: Sendable {
    /// Seconds since 1970, UTC.
    package var now: @Sendable () -> Double
    /// How many seconds the wall's clock is ahead of UTC at a time.
    package var offset: @Sendable (Int) -> Int

    package init(now: @escaping @Sendable () -> Double, offset: @escaping @Sendable (Int) -> Int) {
        self.now = now
        self.offset = offset
    }

    /// This machine's time in its time zone.
    package static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    } offset: { seconds in
        var time = time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        return parts.tm_gmtoff
    }

    /// Minutes since Monday 00:00.
    package var minuteOfWeek: Int {
        let seconds = Int(now().rounded(.down))
        let minutes = Int((Double(seconds + offset(seconds)) / 60).rounded(.down))
        // 1 January 1970 was a Thursday.
        let week = Timetable.minutesPerWeek
        return ((minutes + 3 * 1440) % week + week) % week
    }

    /// Seconds until it is worth looking again whether a timetable's limit has changed: at the next whole minute, which
    /// is also where clocks are put forward and back, and at most 10, since somebody may set the clock.
    package var secondsUntilNextLook: Double {
        let now = now()
        let left = 60 - (now - (now / 60).rounded(.down) * 60)
        return min(10, left + 0.02)
    }
}
