@testable import DataPlane

/// What a connection does to the records of one direction, drawn from a seed alone.
struct WireFaults: Sendable {
    enum Fault: Sendable {
        /// One bit of the record changes.
        case flip(Int)
        /// It comes twice.
        case duplicate
        /// It comes after the next one.
        case swap
        /// It never comes.
        case omit
        /// The connection breaks after so many bytes of it, in parts of 1024.
        case reset(Int)
        /// Nothing moves for so many milliseconds; -1 for ever.
        case hole(Int)
    }

    /// By the number of the record.
    var faults: [Int: Fault] = [:]
    /// Most bytes that are passed on at once.
    var piece = Int.max
    /// Bytes that are gathered before any are passed on, for some milliseconds at most.
    var gather = 0
    /// Milliseconds by which each record is late.
    var delay = 0

    /// A connection that does what it should.
    init() {}

    /// - Parameters:
    ///   - records: about how many will pass.
    ///   - holesForEver: whether a peer may fall silent for good, which costs a time-out.
    init(_ generator: inout Seeded, records: Int, holesForEver: Bool) {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: piece = Int.random(in: 1...300, using: &generator) * 100
        case 1: gather = Int.random(in: 1...200_000, using: &generator)
        case 2: delay = Int.random(in: 0...2, using: &generator)
        default: break
        }
        guard Bool.random(using: &generator) else { return }
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
            let record = Int.random(in: 0..<max(1, records), using: &generator)
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: faults[record] = .flip(Int.random(in: 0..<1 << 20, using: &generator))
            case 1: faults[record] = .duplicate
            case 2: faults[record] = .swap
            case 3: faults[record] = .omit
            case 4, 5: faults[record] = .reset(Int.random(in: 0...1024, using: &generator))
            default: faults[record] = .hole(holesForEver ? -1 : Int.random(in: 1...60, using: &generator))
            }
        }
    }
}
