import Glibc
import Interface
import Model

extension CommandContext {
    /// How progress is shown: as asked, else live on a terminal and by lines elsewhere.
    var progressMode: ProgressReporter.Mode {
        if global.quiet { return .none }
        switch global.progress {
        case .none: return .none
        case .plain: return .plain
        case .jsonl: return .jsonLines
        case .tty: return .live(paint)
        case .auto:
            let terminal = Terminal(descriptor: STDERR_FILENO, environment: environment)
            return terminal.isTerminal && environment["TERM"] != "dumb" ? .live(paint) : .plain
        }
    }

    /// The file of `--events-file`, if there is one; made or emptied.
    func eventsFile() throws(KVMCloneError) -> EventsFile? {
        guard let path = global.eventsFile else { return nil }
        return try EventsFile(path: path) { [console] in console.print("kvm-clone: \($0)\n") }
    }
}
