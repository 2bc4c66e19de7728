/// Targets that nobody waits for: they get the frames that they have time for, and lack the others.
extension FanOut {
    /// Gives a frame to those that may lag, as far as that goes now. One that takes in nothing for the stall time-out is
    /// dropped.
    func offerToLagging(_ base: UnsafeRawPointer, _ count: Int) throws(TransferError) {
        guard !lagging.isEmpty else { return }
        var kept = lagging.reduce(0) { $0 + $1.restCount }
        try each(&lagging) { link in
            kept -= link.restCount
            try link.offer(base, count, window: window, mayKeep: kept + count <= spare)
            kept += link.restCount
        }
        dropStalled(monotonicNanoseconds(), among: lagging) { $0.owes }
    }

    /// Notes whom the stream has waited for. Where all of a sender's targets are busy, nobody waits for another; a
    /// receiver that passes the stream on waits itself.
    func charge(_ nanoseconds: UInt64, _ isWaitedFor: (TargetLink) -> Bool) {
        guard passesOn || links.contains(where: { !isWaitedFor($0) }) else { return }
        for link in links where isWaitedFor(link) { link.charge(nanoseconds) }
    }

    /// Between two frames: whoever is too slow lags from now on, unless a sender would have nobody left.
    func leaveSlowBehind() {
        let now = lagClock()
        for link in links where link.isTooSlow(now: now) {
            guard passesOn || links.count > 1 else { return }
            links.removeAll { $0 === link }
            lagging.append(link)
            link.target.lag()
        }
    }

    /// A receiver's fan-out: with no target left, it still takes the bytes in itself.
    private var passesOn: Bool { if case .goOn = whenEmpty { true } else { false } }
}
