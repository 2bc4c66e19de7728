/// Where all targets of an operation wait for each other.
actor StartingLine {
    private var missing: Int
    private var ready = 0
    private var waiting: [CheckedContinuation<Int, Never>] = []

    init(count: Int) {
        missing = count
    }

    /// A target has come, ready or failed. Each comes once.
    func arrive(ready isReady: Bool) {
        missing -= 1
        if isReady { ready += 1 }
        guard missing == 0 else { return }
        for continuation in waiting { continuation.resume(returning: ready) }
        waiting = []
    }

    /// Waits until all have come; answers how many are ready.
    func everyone() async -> Int {
        guard missing > 0 else { return ready }
        return await withCheckedContinuation { waiting.append($0) }
    }
}
