import Glibc
import YAML

extension Fleet {
    /// Loads and validates a topology file. Blocks on reading it. All findings are thrown together.
    ///
    /// - Parameters:
    ///   - path: the file, absolute or relative to the working folder.
    ///   - home: what `~` stands for in `ssh_key` and `known_hosts`.
    public static func load(_ path: String, home: String = userHome()) throws(TopologyError) -> Fleet {
        let node: YAMLNode
        do {
            node = try YAMLLoader.load(contentsOf: path)
        } catch {
            throw TopologyError(file: path, findings: [Finding(error.message, at: error.mark)])
        }
        var reader = FleetReader(file: path, paths: LocalPaths(home: home, folder: folder(of: path)))
        return try reader.read(node)
    }

    /// Validates the text of a topology file.
    ///
    /// - Parameters:
    ///   - text: the YAML.
    ///   - file: the name for messages.
    ///   - folder: what relative paths in the text are relative to; absolute.
    ///   - home: what `~` stands for.
    public static func parse(
        _ text: String, file: String? = nil, folder: String, home: String = userHome()
    ) throws(TopologyError) -> Fleet {
        let node: YAMLNode
        do {
            node = try YAMLLoader.load(text)
        } catch {
            throw TopologyError(file: file, findings: [Finding(error.message, at: error.mark)])
        }
        var reader = FleetReader(file: file, paths: LocalPaths(home: home, folder: folder))
        return try reader.read(node)
    }

    /// The user's home: `HOME`, or `/` where it isn't set.
    public static func userHome() -> String {
        guard let value = getenv("HOME"), value.pointee != 0 else { return "/" }
        return String(cString: value)
    }

    /// The absolute folder that a file lies in, by its name alone.
    private static func folder(of path: String) -> String {
        let parent = path.lastIndex(of: "/").map { path[..<$0] }
        if path.hasPrefix("/") { return parent.map { $0.isEmpty ? "/" : String($0) } ?? "/" }
        let working = workingFolder()
        guard let parent, !parent.isEmpty else { return working }
        return working.hasSuffix("/") ? working + parent : "\(working)/\(parent)"
    }

    private static func workingFolder() -> String {
        guard let buffer = getcwd(nil, 0) else { return "." }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}
