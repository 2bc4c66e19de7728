import DataPlane
import Executors

/// Calls something ten times a second from a thread of its own, until it is stopped.
final class Ticker: Sendable {
    private let isStopped = Gate(false)
    private let ended = Gate(false)

    init(_ body: @escaping @Sendable () -> Void) throws {
        try OSThread.start(name: "kc-ticker") { [self] in
            while true {
                let next = monotonicNanoseconds() + 100_000_000
                guard isStopped.wait(until: next, { $0 ? true : nil }) == nil else { break }
                body()
            }
            ended.update { $0 = true }
        }
    }

    /// Returns when the last call has.
    func stop() {
        isStopped.update { $0 = true }
        _ = ended.wait { $0 ? true : nil }
    }
}
