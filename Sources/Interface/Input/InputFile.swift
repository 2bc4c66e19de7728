import Glibc
import Model

/// Files that people name on the command line.
public enum InputFile {
    /// The content, at most `limit` bytes; nil when the file doesn't exist. Blocks. `field` is the option that named
    /// the file.
    public static func read(
        _ path: String, field: String, code: ErrorCode = .invalidPath, limit: Int = 1 << 20
    ) throws(KVMCloneError) -> [UInt8]? {
        func failure(_ cause: String) -> KVMCloneError {
            KVMCloneError(
                code, "can't read '\(Validation.printable(path))'", cause: cause,
                whatToDo: "check the file and its permissions", field: field)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure(String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw failure("it is larger than \(limit) bytes") }
        }
    }
}
