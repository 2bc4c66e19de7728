import AgentProtocol
import Testing

@testable import Coordinator

/// Who helps whom when nobody has everything.
@Suite("Repairs by those that lack something themselves")
struct RepairPartTests {
    private func lacks(_ ranges: Range<UInt64>...) -> DiskRanges { DiskRanges([ranges]) }

    @Test("the one that has the most of what is wanted gives just that")
    func most() throws {
        let all = ["a": lacks(0..<100), "b": lacks(0..<60), "c": lacks(20..<100), "d": lacks(0..<100)]
        let part = try #require(Repairs.bestPart(for: "a", all))
        #expect(part.host == "b" && part.ranges == lacks(60..<100))
        let other = try #require(Repairs.bestPart(for: "b", all))
        #expect(other.host == "c" && other.ranges == lacks(0..<20))
    }

    @Test("where nobody has any of it there is nobody")
    func nobody() {
        #expect(Repairs.bestPart(for: "a", ["a": lacks(0..<10), "b": lacks(0..<10)]) == nil)
        #expect(Repairs.bestPart(for: "a", ["a": lacks(0..<10)]) == nil)
        #expect(Repairs.bestPart(for: "a", ["b": lacks(0..<10)]) == nil)
    }

    @Test("a list that was cut at its limit says nothing of what its host has")
    func cut() {
        let many = (0..<UInt64(Missing.limit)).map { $0 * 2..<$0 * 2 + 1 }
        let end = UInt64(Missing.limit) * 4
        #expect(Repairs.bestPart(for: "a", ["a": lacks(0..<end), "b": DiskRanges([many])]) == nil)
        #expect(Repairs.bestPart(for: "a", ["a": lacks(0..<end), "b": DiskRanges([Array(many.dropLast())])]) != nil)
    }
}
