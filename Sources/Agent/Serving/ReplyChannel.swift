import AgentProtocol
import FoundationEssentials
import Glibc
import Synchronization

/// The way back to the coordinator. Messages from several threads don't mix.
final class ReplyChannel: Sendable {
    private let descriptor: Int32
    private let isBroken = Mutex(false)

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Sends a message. When the coordinator is gone it is dropped: the reading side notices the same and ends all.
    func send(_ message: some Encodable) {
        do {
            send(bytes: try JSONEncoder().encode(message))
        } catch {
            complain("a message can't be encoded: \(error)")
        }
    }

    func send(bytes: Data) {
        var frame = ControlFrame.header(for: bytes.count)
        frame.append(contentsOf: bytes)
        isBroken.withLock { isBroken in
            if !isBroken { isBroken = !writeAll(frame) }
        }
    }

    private func writeAll(_ frame: [UInt8]) -> Bool {
        var rest = frame[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
