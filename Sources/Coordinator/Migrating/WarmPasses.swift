import Model

/// When a warm migration has copied enough while the VM runs. Each pass copies what was written during the one before.
struct WarmPasses: Sendable {
    /// As many are made at most.
    static let most = 8

    /// Seconds that the last copy should take at most.
    let goal: Double
    private(set) var done: [Pass] = []

    struct Pass: Sendable, Equatable {
        /// Bytes that were sent.
        var bytes: UInt64
        var seconds: Double
    }

    init(goal: Double) { self.goal = goal }

    /// Seconds that the next pass is going to take, as far as the last one tells.
    var prediction: Double? { done.last?.seconds }

    mutating func add(_ pass: Pass) { done.append(pass) }

    /// Why it is enough; nil when another pass is worth it.
    var verdict: String? {
        guard done.count > 1, let last = done.last else { return nil }
        let before = done[done.count - 2]
        let prediction = "the last copy is predicted to take \(Int(last.seconds.rounded(.up))) s"
        if last.seconds <= goal { return prediction }
        // Less than a fifth less: the guest writes about as fast as it is copied.
        if done.count > 2, last.seconds > before.seconds * 0.8 { return "\(prediction), and won't get shorter" }
        return done.count >= Self.most ? "\(prediction), after \(done.count) passes" : nil
    }
}
