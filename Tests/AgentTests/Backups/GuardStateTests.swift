import Testing

@testable import Agent

/// What a backup's guard does when.
@Suite("The guard of a backup")
struct GuardStateTests {
    private static let second: UInt64 = 1_000_000_000

    @Test(
        "orders are read as they are written, and nothing else is one",
        arguments: [
            ("frozen 10", .frozen(seconds: 10)), ("thawed", .thawed), ("end", .end), ("frozen", nil), ("frozen 0", nil),
            ("frozen 61", nil), ("frozen -1", nil), ("frozen 9 9", nil), ("", nil), ("rm -rf /", nil),
        ] as [(String, GuardState.Order?)])
    func orders(_ line: String, _ order: GuardState.Order?) {
        #expect(GuardState.Order(line) == order)
        if let order { #expect(order.line == line + "\n") }
    }

    @Test("a guest that is frozen is thawed when its time is over, and tried again each second until that works")
    func thaws() {
        let second = Self.second
        var state = GuardState()
        #expect(state.pause(now: 0) == -1 && !state.isDue(now: 100 * second))
        state.take(.frozen(seconds: 10), now: 0)
        #expect(!state.isDue(now: 10 * second - 1) && state.isDue(now: 10 * second))
        #expect(state.pause(now: 0) == 10_001 && state.pause(now: 11 * second) == 0)
        state.tried(thawed: false, now: 10 * second)
        #expect(!state.isDue(now: 10 * second) && state.isDue(now: 11 * second))
        state.tried(thawed: true, now: 11 * second)
        #expect(state.thawsAt == nil && !state.isEnding)
    }

    @Test("one that was thawed in time is left alone")
    func thawed() {
        var state = GuardState()
        state.take(.frozen(seconds: 10), now: 0)
        state.take(.thawed, now: 1)
        #expect(!state.isDue(now: 100 * Self.second))
    }

    @Test("when the agent is gone a frozen guest is thawed at once")
    func lost() {
        var state = GuardState()
        state.take(.frozen(seconds: 10), now: 0)
        state.lose(now: 5)
        #expect(state.isDue(now: 5) && state.isEnding)
        var other = GuardState()
        other.lose(now: 5)
        #expect(!other.isDue(now: 5) && other.isEnding)
    }
}
