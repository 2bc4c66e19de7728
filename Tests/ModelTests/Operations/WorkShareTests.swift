import Testing

@testable import Model

@Suite struct WorkShareTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var what: String
        var share: WorkShare
        var moved: UInt64
        var expected: UInt64
        var fraction: Double
        var testDescription: String { what }
    }

    @Test(
        "What is moved and what is expected",
        arguments: [
            Row(
                what: "no data known: bytes with holes", share: .init(done: 25, total: 100, data: nil, used: 50),
                moved: 25,
                expected: 100, fraction: 0.25),
            Row(
                what: "a hole at the start", share: .init(done: 90, total: 200, data: 0, used: 10), moved: 0,
                expected: 10, fraction: 0),
            Row(
                what: "data", share: .init(done: 95, total: 200, data: 5, used: 10), moved: 5, expected: 10,
                fraction: 0.5),
            Row(
                what: "fewer bytes left than data expected", share: .init(done: 98, total: 100, data: 6, used: 50),
                moved: 6, expected: 8, fraction: 0.75),
            Row(
                what: "more data than expected", share: .init(done: 98, total: 100, data: 60, used: 50), moved: 60,
                expected: 60, fraction: 0.99),
            Row(
                what: "zeros that were allocated", share: .init(done: 100, total: 100, data: 6, used: 50), moved: 6,
                expected: 6, fraction: 1),
            Row(
                what: "nothing but a hole", share: .init(done: 50, total: 100, data: 0, used: 0), moved: 50,
                expected: 100, fraction: 0.5),
            Row(
                what: "an empty disk", share: .init(done: 0, total: 0, data: 0, used: 0), moved: 0, expected: 0,
                fraction: 1),
            Row(
                what: "numbers that no disk has", share: .init(done: .max, total: .max, data: .max, used: .max),
                moved: .max, expected: .max, fraction: 1),
        ])
    func numbers(_ row: Row) {
        #expect(row.share.moved == row.moved)
        #expect(row.share.expected == row.expected)
        #expect(row.share.fraction == row.fraction)
    }

    @Test("Whatever is data and what was expected, the fraction doesn't fall and ends at 1", arguments: 0..<50)
    func monotone(seed: Int) {
        var generator = Congruential(state: UInt64(seed))
        let total = UInt64.random(in: 1...1_000_000, using: &generator)
        let used = UInt64.random(in: 0...total, using: &generator)
        var (done, data): (UInt64, UInt64) = (0, 0)
        var last = 0.0
        while done < total {
            let step = UInt64.random(in: 0...min(total - done, 50_000), using: &generator)
            done += step
            data += Bool.random(using: &generator) ? step : 0
            let fraction = WorkShare(done: done, total: total, data: data, used: used).fraction
            #expect(fraction >= last, "done \(done) of \(total), data \(data) of \(used)")
            last = fraction
        }
        #expect(last == 1)
    }
}

/// Numbers that are the same in every run. Knuth's MMIX generator; its high bits are the good ones.
private struct Congruential: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        func half(_ state: inout UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 32
        }
        return half(&state) << 32 | half(&state)
    }
}
