import Glibc
import Model

/// Standard output, for data only.
public enum StandardOutput {
    /// Writes all of `text`; blocks while the reader is slow. Returns false when the reader has closed its end, as
    /// `head` does, and throws when the text can't be written for another reason.
    @discardableResult
    public static func write(_ text: String) throws(KVMCloneError) -> Bool {
        do {
            try FileDescriptorWriter.write(Array(text.utf8), to: STDOUT_FILENO)
            return true
        } catch {
            if error.number == EPIPE { return false }
            throw KVMCloneError(
                .general, "can't write to standard output", cause: error.description,
                whatToDo: "check the space where the output goes")
        }
    }
}

/// What errno said.
struct SystemError: Error, CustomStringConvertible {
    var number: Int32
    var description: String { String(cString: strerror(number)) }
}

enum FileDescriptorWriter {
    /// Writes all of `bytes`, again after interruptions and short writes; waits on a descriptor that doesn't block.
    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                throw SystemError(number: errno)
            }
        }
    }
}
