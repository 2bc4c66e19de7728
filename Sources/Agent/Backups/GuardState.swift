/// What a backup's guard knows of its guest. Pure: told the time by its caller.
struct GuardState: Sendable, Equatable {
    /// When the guest is to be thawed, in nanoseconds; nil while it isn't frozen.
    private(set) var thawsAt: UInt64?
    /// Whether it was told to end.
    private(set) var isEnding = false

    /// What its agent may tell it.
    enum Order: Equatable, Sendable {
        case frozen(seconds: Int)
        case thawed
        case end

        init?(_ line: some StringProtocol) {
            let words = line.split(separator: " ")
            switch words.first {
            case "frozen":
                guard words.count == 2, let seconds = Int(words[1]), (1...60).contains(seconds) else { return nil }
                self = .frozen(seconds: seconds)
            case "thawed": self = .thawed
            case "end": self = .end
            default: return nil
            }
        }

        var line: String {
            switch self {
            case .frozen(let seconds): "frozen \(seconds)\n"
            case .thawed: "thawed\n"
            case .end: "end\n"
            }
        }
    }

    mutating func take(_ order: Order, now: UInt64) {
        switch order {
        case .frozen(let seconds): thawsAt = now + UInt64(seconds) * 1_000_000_000
        case .thawed: thawsAt = nil
        case .end: isEnding = true
        }
    }

    /// Its agent is gone: nobody will thaw the guest any more.
    mutating func lose(now: UInt64) {
        if thawsAt != nil { thawsAt = now }
        isEnding = true
    }

    /// It was thawed, or is to be tried again after a second.
    mutating func tried(thawed: Bool, now: UInt64) { thawsAt = thawed ? nil : now + 1_000_000_000 }

    func isDue(now: UInt64) -> Bool { thawsAt.map { $0 <= now } ?? false }

    /// Milliseconds until something is to be done; -1: nothing is, until it is told.
    func pause(now: UInt64) -> Int32 {
        guard let thawsAt else { return -1 }
        return thawsAt <= now ? 0 : Int32(clamping: (thawsAt - now) / 1_000_000 + 1)
    }
}
