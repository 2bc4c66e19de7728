import AgentProtocol
import Foundation
import Glibc
import Model

/// One end of a control channel: framed messages on a socket. Reading and writing block. The descriptor is closed when
/// nobody holds the object any more.
package final class ControlChannel: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { Glibc.close(descriptor) }

    /// Both ends of a new channel.
    package static func pair() throws -> (ControlChannel, ControlChannel) {
        // A write to an end that is gone is an error then, and not the end of all tests.
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw KVMCloneError(.general, "no socket pair", cause: String(cString: strerror(errno)))
        }
        return (ControlChannel(ends[0]), ControlChannel(ends[1]))
    }

    package func withDescriptor<Value>(_ body: (Int32) -> Value) -> Value { body(descriptor) }

    /// Ends both directions; who reads is told.
    package func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Ends the writing direction only.
    package func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The same as `shutDown`, under the name that tells that it is over.
    package func close() { shutDown() }

    /// Writes one framed message. False when the other end is gone.
    @discardableResult
    package func write(_ message: Data) -> Bool {
        writeRaw(ControlFrame.header(for: message.count) + Array(message))
    }

    /// Writes bytes as they are.
    @discardableResult
    package func writeRaw(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 || errno == EINTR else { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }

    /// The next message; nil at the end or at what isn't one.
    package func read() -> Data? {
        guard let header = readRaw(4), let length = try? ControlFrame.length(of: header),
            let message = readRaw(length)
        else { return nil }
        return Data(message)
    }

    /// Exactly `count` bytes; nil when fewer come.
    package func readRaw(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress.map { $0 + done }, count - done, 0)
            }
            guard got > 0 || (got < 0 && errno == EINTR) else { return nil }
            done += max(0, got)
        }
        return bytes
    }
}
