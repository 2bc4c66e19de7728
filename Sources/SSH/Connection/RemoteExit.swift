/// How a command ended.
public enum RemoteExit: Sendable, Equatable {
    /// It ended by itself, with a code from 0 to 255.
    case exited(Int32)
    /// A signal ended it; the name is without `SIG`, such as `KILL`.
    ///
    /// ssh(1) doesn't tell: with it such a command ends as `exited(255)`.
    case signalled(String)
    /// How it ended isn't known: the connection went first, or was closed.
    case lost(String)

    /// Whether it ended by itself with code 0.
    public var isSuccess: Bool { self == .exited(0) }

    static func fromWaitStatus(_ status: Int32) -> RemoteExit {
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signalName(signal))
    }
}

private func signalName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ", 31: "SYS",
    ]
    return names[number] ?? String(number)
}
