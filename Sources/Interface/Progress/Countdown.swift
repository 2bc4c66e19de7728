/// The time left as it is shown: it never grows.
///
/// The rule: what is shown is the least of the predictions so far. While a prediction is worse than what is shown, the
/// shown value stands still. When it has been worse by more than double and ten seconds, for ten seconds on end, the
/// promise can't be kept: nothing is shown until a prediction is again no more than what was shown last.
public struct Countdown: Sendable, Equatable {
    private var least: Double?
    private var brokenSince: Double?
    private var isWithdrawn = false

    /// A countdown that has nothing to show yet.
    public init() {}

    /// Takes a prediction at a moment, both in seconds, and returns the seconds to show; nil shows nothing.
    public mutating func update(prediction: Double?, now: Double) -> Double? {
        guard let prediction, prediction.isFinite, prediction >= 0 else { return isWithdrawn ? nil : least }
        guard let least, prediction > least else {
            self.least = prediction
            brokenSince = nil
            isWithdrawn = false
            return prediction
        }
        if prediction > 2 * least, prediction > least + 10 {
            let since = brokenSince ?? now
            brokenSince = since
            if now - since >= 10 { isWithdrawn = true }
        } else {
            brokenSince = nil
        }
        return isWithdrawn ? nil : least
    }
}

/// Bytes per second, smoothed exponentially over five seconds.
public struct SmoothedRate: Sendable, Equatable {
    static let window = 5.0
    private var last: (bytes: UInt64, time: Double)?
    private var first: Double?
    /// The rate; nil before two seconds of data.
    public private(set) var value: Double?
    private var smoothed: Double?

    /// A rate without data.
    public init() {}

    /// Takes the bytes done so far at a moment in seconds. A moment that isn't later changes nothing.
    public mutating func update(bytes: UInt64, now: Double) {
        guard let last else {
            self.last = (bytes, now)
            first = now
            return
        }
        let span = now - last.time
        guard span > 0 else { return }
        let current = bytes >= last.bytes ? Double(bytes - last.bytes) / span : 0
        // The weight of what came before falls to 1/e over the window, however often samples come.
        let weight = smoothed == nil ? 1 : span / (span + Self.window)
        smoothed = (smoothed ?? 0) + weight * (current - (smoothed ?? 0))
        self.last = (bytes, now)
        if let first, now - first >= 2 { value = smoothed }
    }

    /// Equality of what is shown and known.
    public static func == (left: Self, right: Self) -> Bool {
        left.smoothed == right.smoothed && left.first == right.first && left.last?.bytes == right.last?.bytes
            && left.last?.time == right.last?.time
    }
}
