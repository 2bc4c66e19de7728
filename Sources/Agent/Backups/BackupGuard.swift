import AgentProtocol
import DataPlane
import FoundationEssentials
import Glibc
import Model

/// The guard of a backup: a process of its own, started before the guest is frozen, which outlives its agent. It thaws the
/// guest when that takes too long, and ends the backup when it is told to, or when its standard input ends.
public enum BackupGuard {
    /// For how long it tries to end what it guards after its agent is gone, in seconds, and how often.
    private static let (patience, pause) = (600, 2)

    /// Guards until the backup has ended. `words`: what `arguments` made. Blocks.
    public static func run(_ words: [String]) -> Int32 {
        guard words.count >= 2, let ending = try? BackupEnding(identity(words)) else { return 64 }
        var state = GuardState()
        let isTold = watch(&state, ending)
        return end(&state, ending, isTold: isTold)
    }

    static func arguments(for backup: BackupIdentity) -> [String] {
        ["guard", backup.operation, backup.domain] + backup.folders
    }

    private static func identity(_ words: [String]) -> BackupIdentity {
        BackupIdentity(operation: words[0], domain: words[1], folders: Array(words.dropFirst(2)))
    }

    /// Does what it is told until it is to end. True when it was told so; false when its agent is gone.
    private static func watch(_ state: inout GuardState, _ ending: BackupEnding) -> Bool {
        var input: [UInt8] = []
        while !state.isEnding {
            var entry = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, state.pause(now: monotonicNanoseconds()))
            thawIfDue(&state, ending)
            guard ready > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 256)
            let count = read(0, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                state.lose(now: monotonicNanoseconds())
                return false
            }
            input += chunk[..<count]
            while let end = input.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: input[..<end], as: UTF8.self)
                input.removeSubrange(...end)
                guard let order = GuardState.Order(line) else { continue }
                state.take(order, now: monotonicNanoseconds())
                if order != .end { answer("ok") }
            }
        }
        return true
    }

    private static func thawIfDue(_ state: inout GuardState, _ ending: BackupEnding) {
        guard state.isDue(now: monotonicNanoseconds()) else { return }
        let isThawed = (try? ending.thaw()) != nil
        state.tried(thawed: isThawed, now: monotonicNanoseconds())
    }

    private static func end(_ state: inout GuardState, _ ending: BackupEnding, isTold: Bool) -> Int32 {
        let deadline = monotonicNanoseconds() + UInt64(patience) * 1_000_000_000
        while true {
            thawIfDue(&state, ending)
            do {
                try ending.run()
                // A guest that can't be thawed is tried on.
                if state.thawsAt == nil {
                    if isTold { answer("ok") }
                    return 0
                }
            } catch {
                // Whoever has told it hears why, and ends it in another way.
                if isTold {
                    answer("\(error)")
                    return 1
                }
            }
            guard monotonicNanoseconds() < deadline else { return 1 }
            sleep(UInt32(pause))
        }
    }

    private static func answer(_ text: String) {
        let line = Array((text.split(whereSeparator: \.isNewline).joined(separator: "; ") + "\n").utf8)
        // Who is gone hears nothing.
        _ = write(1, line, line.count)
    }
}
