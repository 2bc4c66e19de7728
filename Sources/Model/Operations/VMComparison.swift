/// What a comparison of a VM with copies of it has found, copy by copy.
public struct VMComparison: Sendable, Codable, Equatable {
    /// The operation's id.
    public var id: OperationID
    /// `diff` or `verify`.
    public var kind: OperationKind
    /// The VM.
    public var vm: String
    /// The host that it is on.
    public var source: String
    /// How the operation ended as a whole.
    public var state: OperationState
    /// Every copy, in the order of the command.
    public var copies: [ComparedCopy]
    /// Seconds that the whole operation took.
    public var seconds: Double

    /// Makes a result from its parts.
    public init(
        id: OperationID, kind: OperationKind, vm: String, source: String, state: OperationState,
        copies: [ComparedCopy], seconds: Double
    ) {
        self.id = id
        self.kind = kind
        self.vm = vm
        self.source = source
        self.state = state
        self.copies = copies
        self.seconds = seconds
    }

    /// As `diff` and `cmp` have it: 0 when all copies are the same, 1 when one differs; else the code of the first
    /// comparison that could not be performed.
    public var exitCode: ExitCode {
        if let error = copies.compactMap(\.error).first {
            return error.exitCode == .other ? .partFailed : error.exitCode
        }
        return copies.allSatisfy { $0.verdict == .matched } ? .ok : .other
    }
}

/// What a comparison with one copy has found.
public struct ComparedCopy: Sendable, Codable, Equatable {
    /// What is known of a copy in the end. What couldn't be performed is neither a match nor a difference.
    public enum Verdict: String, Sendable, Codable, CaseIterable {
        case matched, differed
        case notPerformed = "not performed"
    }

    /// The host that the copy is on.
    public var host: String
    /// The copy's name.
    public var name: String
    /// What was found.
    public var verdict: Verdict
    /// Every disk; empty where the comparison could not be performed.
    public var disks: [ComparedDisk]
    /// Why it could not be performed.
    public var error: KVMCloneError?

    /// Makes a record from its parts.
    public init(
        host: String, name: String, verdict: Verdict, disks: [ComparedDisk] = [], error: KVMCloneError? = nil
    ) {
        self.host = host
        self.name = name
        self.verdict = verdict
        self.disks = disks
        self.error = error
    }

    /// Bytes in which the disks differ.
    public var differingBytes: UInt64 { disks.reduce(0) { $0 + $1.differingBytes } }
}

/// One disk of a VM beside the same disk of a copy, as their guests read them.
public struct ComparedDisk: Sendable, Codable, Equatable {
    /// Most ranges that are told of one disk.
    public static let mostRanges = 8192

    /// The guest's name for it, such as `vda`.
    public var disk: String
    /// Bytes of the disk.
    public var size: UInt64
    /// Bytes of the copy's disk.
    public var copySize: UInt64
    /// Bytes in which they differ, in leaves of 64 KiB; where one is longer, all of its rest counts.
    public var differingBytes: UInt64
    /// Where they differ: the first and the end byte of each range, in order, at most `mostRanges` of them.
    public var ranges: [[UInt64]]
    /// True when there are more ranges than are told.
    public var isCut: Bool

    /// Makes a record from its parts.
    public init(
        disk: String, size: UInt64, copySize: UInt64, differingBytes: UInt64 = 0, ranges: [[UInt64]] = [],
        isCut: Bool = false
    ) {
        self.disk = disk
        self.size = size
        self.copySize = copySize
        self.differingBytes = differingBytes
        self.ranges = ranges
        self.isCut = isCut
    }

    /// True when their guests read the same.
    public var matches: Bool { differingBytes == 0 && size == copySize }

    /// Notes a range behind all others.
    public mutating func add(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        differingBytes += UInt64(range.count)
        if let last = ranges.last, last[1] == range.lowerBound, !isCut {
            ranges[ranges.count - 1][1] = range.upperBound
        } else if ranges.count < Self.mostRanges {
            ranges.append([range.lowerBound, range.upperBound])
        } else {
            isCut = true
        }
    }
}
