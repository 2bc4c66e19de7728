import Glibc

@testable import Executors

/// Holds threads until it is opened.
final class Gate: Sendable {
    private let signal = WorkSignal()

    func wait() {
        signal.wait()
        signal.post()
    }

    func open() { signal.post() }
}

func currentThreadName() -> String { line(of: "/proc/thread-self/comm") ?? "" }

/// The names of all threads of this process.
func threadNames() -> [String] {
    guard let folder = opendir("/proc/self/task") else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let id = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if let name = line(of: "/proc/self/task/\(id)/comm") { names.append(name) }
    }
    return names
}

private func line(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 64)
    guard fgets(&buffer, 64, file) != nil else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
