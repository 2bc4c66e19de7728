/// What the network from one host to another was seen to carry when nothing else held a copy up.
package struct ObservedRate: Sendable, Equatable {
    /// Rates older than that count no more.
    package static let mostDays = 30

    package var source: String
    package var target: String
    /// The sites that they were in; nil for a host without one.
    package var sourceSite: String?
    package var targetSite: String?
    /// Bytes on the wire per second.
    package var rate: Double
    /// When it was last seen: seconds since 1970.
    package var time: Int

    package init(
        source: String, target: String, sourceSite: String? = nil, targetSite: String? = nil, rate: Double, time: Int
    ) {
        self.source = source
        self.target = target
        self.sourceSite = sourceSite
        self.targetSite = targetSite
        self.rate = rate
        self.time = time
    }

    /// False when it is too old to say anything.
    package func counts(at time: Int) -> Bool { time - self.time <= Self.mostDays * 86_400 }

    /// The rate to remember after an older one: half of it is new, as long as the older one counts and both hosts are
    /// where they were.
    package func following(_ older: ObservedRate?) -> ObservedRate {
        guard let older, older.counts(at: time), older.sourceSite == sourceSite, older.targetSite == targetSite else {
            return self
        }
        var next = self
        next.rate = (rate + older.rate) / 2
        return next
    }
}
