import YAML

/// A text with at most one range in brackets: `kvm[1:3]` stands for kvm1, kvm2, kvm3, and `kvm[01:12]` keeps the zeros.
struct BracketRange: Sendable, Equatable {
    private let prefix: Substring
    private let suffix: Substring
    private let numbers: ClosedRange<Int>?
    private let width: Int

    /// How many texts it stands for; nothing is expanded yet.
    var count: Int { numbers?.count ?? 1 }
    /// False for a text without brackets.
    var isRange: Bool { numbers != nil }

    init(parsing text: String) throws(InvalidValue) {
        guard let open = text.firstIndex(of: "[") else {
            guard !text.contains("]") else { throw InvalidValue("\(quoted(text)) closes a bracket that isn't open") }
            (prefix, suffix, numbers, width) = (text[...], "", nil, 0)
            return
        }
        guard let close = text[open...].firstIndex(of: "]") else {
            throw InvalidValue("\(quoted(text)) opens a bracket and doesn't close it")
        }
        suffix = text[text.index(after: close)...]
        prefix = text[..<open]
        guard !suffix.contains("["), !suffix.contains("]"), !prefix.contains("]") else {
            throw InvalidValue("\(quoted(text)) has more than one range; only one is allowed")
        }
        let bounds = text[text.index(after: open)..<close].split(separator: ":", omittingEmptySubsequences: false)
        let isShaped = bounds.allSatisfy { bound in
            (1...9).contains(bound.utf8.count) && bound.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard bounds.count == 2, isShaped, let first = Int(bounds[0]), let last = Int(bounds[1]) else {
            throw InvalidValue("\(quoted(text)): a range is [first:last] in digits, such as [1:3] or [01:12]")
        }
        guard first <= last else { throw InvalidValue("\(quoted(text)): the range's first number is above its last") }
        let isPadded = bounds.contains { $0.count > 1 && $0.hasPrefix("0") }
        guard !isPadded || bounds[0].count == bounds[1].count else {
            throw InvalidValue("\(quoted(text)): with leading zeros both numbers need the same width, such as [01:12]")
        }
        numbers = first...last
        width = isPadded ? bounds[0].count : 0
    }

    /// The texts, in order. The caller checks `count` first.
    func expanded() -> [String] {
        guard let numbers else { return [String(prefix)] }
        return numbers.map { number in
            let digits = String(number)
            return prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits + suffix
        }
    }
}
