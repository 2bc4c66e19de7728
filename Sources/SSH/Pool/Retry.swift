/// How often a failed connection is tried again, and after which pauses.
public struct RetryPolicy: Sendable, Equatable {
    /// Attempts in all, at least 1.
    public var attempts = 4
    /// The first pause; each further one is twice as long.
    public var firstPause = Duration.milliseconds(250)
    /// No pause is longer.
    public var longestPause = Duration.seconds(5)

    /// Four attempts within about two seconds of pauses.
    public init() {}

    /// The pause after failed attempt number `attempt` (from 1): half of it fixed, half times `jitter` (0 to 1), so
    /// that many who failed together don't come back together.
    func pause(after attempt: Int, jitter: Double) -> Duration {
        var pause = firstPause
        for _ in 1..<max(1, attempt) where pause < longestPause { pause = pause * 2 }
        return min(pause, longestPause) * (0.5 + 0.5 * jitter)
    }

    /// Repeats `attempt` while it fails with a transient error.
    func run<Value: Sendable>(
        _ attempt: @Sendable () async throws(SSHError) -> Value
    ) async throws(SSHError) -> Value {
        var number = 1
        while true {
            do throws(SSHError) { return try await attempt() } catch {
                guard error.isTransient, number < attempts else { throw error }
                let pause = pause(after: number, jitter: .random(in: 0...1))
                do { try await Task.sleep(for: pause) } catch { throw .cancelled }
                number += 1
            }
        }
    }
}
