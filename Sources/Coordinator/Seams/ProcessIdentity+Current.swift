import FoundationEssentials
import Glibc

extension ProcessIdentity {
    /// This process.
    package static var current: ProcessIdentity {
        ProcessIdentity(
            processID: getpid(), startTicks: startTicks(of: getpid()) ?? 0, bootID: bootID)
    }

    /// True when this very process still runs on this machine. One that has ended and wasn't collected yet by its
    /// parent doesn't.
    package var isAlive: Bool {
        bootID == Self.bootID && Self.startTicks(of: processID) == startTicks
    }

    private static var bootID: String {
        let data = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id") ?? Data()
        return String(decoding: data.filter { $0 > 32 }, as: UTF8.self)
    }

    /// Field 22 of /proc/PID/stat; nil when there is no such process, or only a zombie. The name before it may hold
    /// any character, so the fields are counted from its closing parenthesis.
    private static func startTicks(of process: Int32) -> UInt64? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[close...].split(separator: " ")
        return fields.count > 20 && !["Z", "X"].contains(fields[1]) ? UInt64(fields[20]) : nil
    }
}
