import AgentProtocol
import Executors
import FoundationEssentials
import Glibc
import SSH

/// The local end of an agent's channel. Reading and writing block.
final class LinkSocket: Sendable {
    private let descriptor: OwnedDescriptor

    init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// Makes both directions end; a blocked read or write returns.
    func shutDown() {
        shutdown(descriptor.rawValue, Int32(SHUT_RDWR))
    }

    /// Tells the other end that nothing more comes.
    func endWriting() {
        shutdown(descriptor.rawValue, Int32(SHUT_WR))
    }

    /// Everything until the other end closes; what goes beyond `limit` bytes is dropped.
    func readToEnd(limit: Int) -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor.rawValue, &chunk, chunk.count)
            if count > 0 {
                all.append(contentsOf: chunk.prefix(min(count, limit - all.count)))
            } else if count == 0 || errno != EINTR {
                return all
            }
        }
    }

    /// The next message; nil at a clean end.
    func readMessage() throws(ControlFrameError) -> Data? {
        var header = [UInt8](repeating: 0, count: 4)
        guard try fill(&header) else { return nil }
        var message = [UInt8](repeating: 0, count: try ControlFrame.length(of: header))
        guard try fill(&message) else { throw .truncated }
        return Data(message)
    }

    /// Writes all of `bytes`. False when the other end is gone.
    func writeAll(_ bytes: Data) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = send(
                    descriptor.rawValue, bytes.baseAddress.map { $0 + done }, bytes.count - done,
                    Int32(MSG_NOSIGNAL))
                if count > 0 {
                    done += count
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    /// Fills the buffer. False at an end before the first byte.
    private func fill(_ bytes: inout [UInt8]) throws(ControlFrameError) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { rest in
                read(descriptor.rawValue, rest.baseAddress.map { $0 + done }, rest.count - done)
            }
            if count > 0 {
                done += count
            } else if count == 0 {
                guard done == 0 else { throw .truncated }
                return false
            } else if errno != EINTR {
                guard done == 0 else { throw .truncated }
                return false
            }
        }
        return true
    }
}

/// Writes requests on a thread of its own, so that a full channel blocks nobody.
actor LinkWriter {
    private let socket: LinkSocket
    private let executor: ThreadExecutor

    init(socket: LinkSocket, executor: ThreadExecutor) {
        self.socket = socket
        self.executor = executor
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Writes one message. When the other end is gone the reader notices, and fails whoever waits.
    func write(_ message: Data) {
        var frame = Data(ControlFrame.header(for: message.count))
        frame.append(message)
        if !socket.writeAll(frame) { socket.shutDown() }
    }
}
