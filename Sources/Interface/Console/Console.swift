import Dispatch
import Glibc
import Synchronization

/// The one way to standard error. Log lines, errors and the live progress view all go through it, so that they can't
/// mix. Writing happens on a queue of its own: a terminal that is stopped holds up nobody else.
public final class Console: Sendable {
    private struct State {
        var waitingBytes = 0
        var lostLines = 0
        var drawnLines = 0
        var frame: [String] = []
    }

    /// Bytes that may wait for a slow reader before further lines are dropped (and counted).
    static let mostWaitingBytes = 1 << 20

    private let queue = DispatchQueue(label: "console")
    private let state = Mutex(State())
    private let descriptor: Int32

    /// A console that writes to `descriptor`, which stays the caller's.
    public init(descriptor: Int32 = STDERR_FILENO) { self.descriptor = descriptor }

    /// Prints lines that stay, above the live view if there is one. Doesn't block. `text` ends with a newline.
    public func print(_ text: String) {
        let size = text.utf8.count
        let fits = state.withLock { state in
            guard state.waitingBytes + size <= Self.mostWaitingBytes else {
                state.lostLines += 1
                return false
            }
            state.waitingBytes += size
            return true
        }
        guard fits else { return }
        queue.async { self.writePrinted(text, size: size) }
    }

    /// Replaces the live view. Lines must be narrower than the terminal. Doesn't block; a frame that a slow terminal
    /// has not shown yet is skipped.
    public func draw(_ lines: [String]) {
        let isFirst = state.withLock { state in
            let isFirst = state.frame.isEmpty
            state.frame = lines
            return isFirst
        }
        guard isFirst, !lines.isEmpty else { return }
        queue.async {
            let text = self.state.withLock { state in
                let frame = state.frame
                state.frame = []
                return frame.isEmpty ? "" : Self.replacement(of: state.drawnLines, by: frame, &state.drawnLines)
            }
            self.write(text)
        }
    }

    /// Takes the live view away and prints `lines` in its place, to stay. Doesn't block.
    public func finish(_ lines: [String]) {
        queue.async {
            let text = self.state.withLock { state in
                state.frame = []
                let text = Self.replacement(of: state.drawnLines, by: lines, &state.drawnLines)
                state.drawnLines = 0
                return text
            }
            self.write(text)
        }
    }

    /// Waits until everything is written. Blocks; call it before the process ends, not on a task.
    public func flush() { queue.sync {} }

    /// Waits until everything is written, without holding a thread of the task's executor.
    public func flushed() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    /// Runs `work` on the console's queue, after what was printed so far.
    func perform(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    private func writePrinted(_ text: String, size: Int) {
        let (erase, lost) = state.withLock { state in
            state.waitingBytes -= size
            let erase = Self.erasure(of: state.drawnLines)
            state.drawnLines = 0
            defer { state.lostLines = 0 }
            return (erase, state.lostLines)
        }
        write(erase + text + (lost > 0 ? "kvm-clone: \(lost) lines were dropped, the reader is too slow\n" : ""))
    }

    private func write(_ text: String) {
        guard !text.isEmpty else { return }
        // Nobody is left to be told when standard error itself can't be written.
        try? FileDescriptorWriter.write(Array(text.utf8), to: descriptor)
    }

    /// Moves up over `count` lines and clears from there to the screen's end.
    private static func erasure(of count: Int) -> String { count > 0 ? "\u{1b}[\(count)A\r\u{1b}[J" : "" }

    private static func replacement(of count: Int, by lines: [String], _ drawn: inout Int) -> String {
        drawn = lines.count
        // Line by line, so that nothing flickers; then clear what an earlier, taller view left.
        let up = count > 0 ? "\u{1b}[\(count)A\r" : ""
        let erase = count > 0 ? "\u{1b}[J" : ""
        let erasesLine = count > 0 ? "\u{1b}[K" : ""
        return up + lines.map { $0 + erasesLine + "\n" }.joined() + erase
    }
}
