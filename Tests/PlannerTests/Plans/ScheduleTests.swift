import Testing

@testable import Planner

@Suite("Which stripe carries which unit")
struct ScheduleTests {
    @Test(
        "is spread smoothly by weight",
        arguments: [
            ([1], [0, 0, 0, 0]), ([1, 1], [0, 1, 0, 1]), ([3, 1], [0, 0, 1, 0]), ([5, 1, 1], [0, 0, 1, 0, 2, 0, 0]),
        ])
    func order(weights: [Int], expected: [Int]) throws {
        let schedule = try #require(StripeSchedule(weights: weights))
        #expect((0..<UInt64(expected.count)).map { schedule.stripe(ofUnit: $0) } == expected)
        #expect(schedule.stripe(ofUnit: .max) < weights.count)
    }

    @Test(
        "gives each stripe its share of any first units, to within one or two",
        arguments: [[26, 6, 5], [1, 2, 3, 4, 5, 6, 7, 8]])
    func fair(weights: [Int]) throws {
        let schedule = try #require(StripeSchedule(weights: weights))
        let sum = weights.reduce(0, +)
        var counted = [UInt64](repeating: 0, count: weights.count)
        for units in UInt64(0)..<200 {
            #expect(schedule.counts(ofFirst: units) == counted)
            for (count, weight) in zip(counted, weights) {
                #expect(abs(Double(count) - Double(units) * Double(weight) / Double(sum)) < 2)
            }
            counted[schedule.stripe(ofUnit: units)] += 1
        }
    }

    @Test("needs weights in range", arguments: [[], [0], [1, -1], [10_001], [.max, 1], [6000, 6000]])
    func refused(weights: [Int]) {
        #expect(StripeSchedule(weights: weights) == nil)
    }
}
