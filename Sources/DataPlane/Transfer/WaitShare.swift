/// Judges whether a target drains its stream slower than it was planned to, and holds others up by it. Pure: told the
/// time by its caller.
struct WaitShare: Sendable {
    /// Nanoseconds over which it is looked at.
    static let span: UInt64 = 10_000_000_000
    /// The largest share of a span that a target may be waited for.
    static let most = 0.3
    /// The share of what is due that it must take in all the same.
    static let least = 0.7

    private var begin: UInt64?
    private var waited: UInt64 = 0
    private var sentBefore: UInt64 = 0
    private var badSpans = 0
    /// Spans in a row that it takes.
    private let patience: Int

    /// - Parameter patience: spans in a row with too little until it is too slow; at least 1.
    init(patience: Int = 1) { self.patience = max(1, patience) }

    /// Notes nanoseconds of waiting.
    mutating func add(_ nanoseconds: UInt64) { waited += nanoseconds }

    /// True when as many whole spans as it takes have ended, one after the other, in which the target was waited for too
    /// much and took in too little.
    /// - Parameters:
    ///   - sent: bytes so far.
    ///   - due: bytes per second that it has to take in now; nil: whatever it takes is enough.
    mutating func isTooSlow(now: UInt64, sent: UInt64, due: UInt64?) -> Bool {
        guard let due else { return false }
        guard let begin else {
            (begin, waited, sentBefore) = (now, 0, sent)
            return false
        }
        guard now >= begin + Self.span else { return false }
        let seconds = Double(now - begin) / 1e9
        let isWaitedFor = Double(waited) > Double(now - begin) * Self.most
        let isBehind = Double(sent - sentBefore) < Double(due) * seconds * Self.least
        badSpans = isWaitedFor && isBehind ? badSpans + 1 : 0
        (self.begin, waited, sentBefore) = (now, 0, sent)
        return badSpans >= patience
    }
}
