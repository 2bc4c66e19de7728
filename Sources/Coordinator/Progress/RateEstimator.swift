/// The rate of something that grows, over the last seconds.
///
/// Keeps samples of a sliding window, so that a pause shows after the window's length and a burst is forgotten.
package struct RateEstimator: Sendable {
    private var samples: [(time: Double, amount: UInt64)] = []
    private let window: Double

    /// `window` in seconds.
    package init(window: Double = 3) {
        self.window = window
    }

    /// Notes that the amount was `amount` at `time` seconds. Amounts never shrink; a smaller one starts anew.
    package mutating func note(_ amount: UInt64, at time: Double) {
        if let last = samples.last, amount < last.amount { samples.removeAll() }
        samples.append((time, amount))
        while samples.count > 2, time - samples[1].time >= window { samples.removeFirst() }
    }

    /// Units per second; 0 while there is nothing to compare.
    package var rate: Double {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
        return Double(last.amount - first.amount) / (last.time - first.time)
    }

    /// Seconds between the first and the last sample of the window.
    package var span: Double {
        guard let first = samples.first, let last = samples.last else { return 0 }
        return last.time - first.time
    }
}
