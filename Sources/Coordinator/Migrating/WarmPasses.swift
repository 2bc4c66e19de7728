import Model

/// When a warm migration has copied enough while the VM runs. Each pass copies what was written during the one before.
struct WarmPasses: Sendable {
    /// As many are made at most.
    static let most = 8

    /// Seconds that the last copy should take at most.
    let goal: Double
    /// Seconds that each pass has taken.
    private var passes: [Double] = []

    init(goal: Double) { self.goal = goal }

    mutating func add(seconds: Double) { passes.append(seconds) }

    /// Why it is enough; nil when another pass is worth it.
    var verdict: String? {
        guard passes.count > 1, let last = passes.last else { return nil }
        let prediction = "the last copy is predicted to take \(Int(last.rounded(.up))) s"
        if last <= goal { return prediction }
        // Less than a fifth less: the guest writes about as fast as it is copied.
        if passes.count > 2, last > passes[passes.count - 2] * 0.8 { return "\(prediction), and won't get shorter" }
        return passes.count >= Self.most ? "\(prediction), after \(passes.count) passes" : nil
    }
}
