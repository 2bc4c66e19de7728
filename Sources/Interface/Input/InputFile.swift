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
        do throws(ReadFailure) { return try read(descriptor, limit: limit) } catch { throw failure(error.cause) }
    }

    /// All of standard input, at most `limit` bytes. Blocks until its end. `field` is the option that asked for it.
    public static func readStandardInput(field: String, limit: Int = 1 << 20) throws(KVMCloneError) -> [UInt8] {
        do throws(ReadFailure) {
            return try read(STDIN_FILENO, limit: limit)
        } catch {
            throw KVMCloneError(.invalidPath, "can't read standard input", cause: error.cause, field: field)
        }
    }

    private struct ReadFailure: Error {
        var cause: String
    }

    private static func read(_ descriptor: Int32, limit: Int) throws(ReadFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ReadFailure(cause: String(cString: strerror(errno))) }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw ReadFailure(cause: "it is larger than \(limit) bytes") }
        }
    }
}
