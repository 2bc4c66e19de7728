import Glibc

/// Reads a whole small file without trusting its size.
enum BoundedFile {
    /// At most `limit` + 1 bytes, so that the caller can tell that there is more.
    static func read(_ path: String, limit: Int) throws(YAMLError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit + 1 - bytes.count))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    private static func failure(_ path: String) -> YAMLError {
        YAMLError("can't be read: \(String(cString: strerror(errno)))", at: nil, file: path)
    }
}
