import Glibc

/// Where a passphrase or password comes from.
public enum SecretSource: Sendable {
    /// The first line of a file that only its owner can read.
    case file(String)
    /// Called on a thread of the connection when it is needed, at most once per attempt; it may ask a person.
    case provider(@Sendable () throws -> String)

    /// Blocks. Never part of an error's text.
    func read() throws(SSHError) -> String {
        switch self {
        case .file(let path):
            if let problem = privateFileProblem(path) { throw .secret(source: path, problem: problem) }
            let bytes: [UInt8]
            do { bytes = try readSmallFile(path) } catch { throw .secret(source: path, problem: error.text) }
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            guard !line.isEmpty else { throw .secret(source: path, problem: "its first line is empty") }
            guard !line.contains(0) else { throw .secret(source: path, problem: "it holds a NUL") }
            return String(decoding: line, as: UTF8.self)
        case .provider(let provider):
            do { return try provider() } catch {
                throw .secret(source: "passphrase or password", problem: "it wasn't given")
            }
        }
    }
}

/// Why a file isn't fit to hold a secret; nil when it is. Its modes may be 600, 400 and 700, 500.
func privateFileProblem(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return errnoText() }
    guard status.st_mode & S_IFMT == S_IFREG else { return "it isn't a regular file" }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { return "it belongs to another user" }
    guard status.st_mode & 0o077 == 0 else {
        return "its mode \(String(status.st_mode & 0o777, radix: 8)) lets others use it; 600 or 400 is needed"
    }
    return access(path, R_OK) == 0 ? nil : errnoText()
}

/// Why a file couldn't be read.
struct FileProblem: Error {
    let text: String
}

/// Reads a file of at most 1 MiB.
func readSmallFile(_ path: String) throws(FileProblem) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw FileProblem(text: errnoText()) }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count == 0 { return result }
        if count < 0 {
            if errno == EINTR { continue }
            throw FileProblem(text: errnoText())
        }
        result.append(contentsOf: chunk.prefix(count))
        if result.count > 1 << 20 { throw FileProblem(text: "it is larger than 1 MiB") }
    }
}
