@testable import DataPlane

/// Runs blocking work on a thread of its own, so that no test blocks the cooperative pool.
func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    let thread = Gate<WorkerThread?>(nil)
    // The thread resumes the test as the last thing it does, so joining it doesn't wait.
    defer { thread.update { $0 }?.join() }
    return try await withCheckedThrowingContinuation { continuation in
        do {
            let started = try WorkerThread(name: "test") { continuation.resume(with: Result { try body() }) }
            thread.update { $0 = started }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}

/// Random numbers that are the same for the same seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).map { i in
        let start = digits.index(digits.startIndex, offsetBy: i)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) ?? 0
    }
}
