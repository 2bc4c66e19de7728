import CLinux
import Glibc
import Synchronization

/// A connected UNIX socket that whole messages are sent to and received from. One thread at a time may use it;
/// `cancel` may come from any.
final class NBDStream: Sendable {
    private let descriptor: OwnedDescriptor
    private let cancelled = Atomic<Bool>(false)
    private let export: String

    /// - Parameter timeout: seconds that one send or receive may take.
    init(path: String, export: String, timeout: UInt32) throws(NBDError) {
        let raw = kc_connect_unix(path)
        guard raw >= 0 else {
            throw NBDError(.unreachable, export, "can't connect to \(path): \(systemMessage(errno))")
        }
        descriptor = OwnedDescriptor(owning: raw)
        self.export = export
        guard kc_set_socket_timeout(raw, timeout) == 0 else {
            throw NBDError(.unreachable, export, "can't set a time limit: \(systemMessage(errno))")
        }
    }

    /// Ends the connection; whoever waits on it gets an error.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        shutdown(descriptor.raw, Int32(SHUT_RDWR))
    }

    /// Sends all bytes. `more` tells that the message goes on.
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) throws(NBDError) {
        guard let base = bytes.baseAddress else { return }
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        var done = 0
        while done < bytes.count {
            let count = Glibc.send(descriptor.raw, base + done, bytes.count - done, flags)
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw failure(errno)
            }
        }
    }

    func send(_ bytes: [UInt8]) throws(NBDError) {
        try bytes.withUnsafeBytes { buffer in Result { () throws(NBDError) in try send(buffer) } }.get()
    }

    /// Fills the buffer.
    func receive(into bytes: UnsafeMutableRawBufferPointer) throws(NBDError) {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = recv(descriptor.raw, base + done, bytes.count - done, Int32(MSG_WAITALL))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw failure(0)
            } else if errno != EINTR {
                throw failure(errno)
            }
        }
    }

    /// Receives a number in network byte order.
    func receive<Number: FixedWidthInteger>(_: Number.Type) throws(NBDError) -> Number {
        var number: Number = 0
        try withUnsafeMutableBytes(of: &number) { (buffer) throws(NBDError) in try receive(into: buffer) }
        return Number(bigEndian: number)
    }

    /// Receives a message of a length that was checked before.
    func receive(count: Int) throws(NBDError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { buffer in Result { () throws(NBDError) in try receive(into: buffer) } }.get()
        return bytes
    }

    private func failure(_ cause: Int32) -> NBDError {
        if cancelled.load(ordering: .relaxed) { return NBDError(.cancelled, export, "cancelled") }
        return switch cause {
        case 0: NBDError(.disconnected, export, "the server ended the connection")
        case EAGAIN: NBDError(.timedOut, export, "the server did not answer in time")
        default: NBDError(.disconnected, export, "the connection is lost: \(systemMessage(cause))")
        }
    }
}

extension Array where Element == UInt8 {
    /// Appends a number in network byte order.
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
