import Model
import YAML

/// The file of `--network-config`: a mapping of source networks to target networks, as YAML or JSON.
public enum NetworkMap {
    /// Reads a mapping. Names are 1-255 characters without control characters.
    public static func parse(_ bytes: [UInt8], path: String) throws(KVMCloneError) -> [String: String] {
        do throws(YAMLError) {
            var map: [String: String] = [:]
            for entry in try YAMLLoader.load(bytes: bytes, file: path).mapping().entries {
                let target = try entry.value.string()
                for (name, mark) in [(entry.key, entry.keyMark), (target, entry.value.mark)] {
                    guard (1...255).contains(name.utf8.count), name.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
                        throw YAMLError("a network's name has 1 to 255 characters", at: mark)
                    }
                }
                map[entry.key] = target
            }
            return map
        } catch {
            throw KVMCloneError(
                .validation, error.inFile(path).description, whatToDo: "write one line per network: OLD: NEW",
                field: "network_config")
        }
    }

    /// Reads a file of at most 1 MiB; blocks.
    public static func read(_ path: String) throws(KVMCloneError) -> [String: String] {
        guard let bytes = try InputFile.read(path, field: "network_config") else {
            throw KVMCloneError(
                .invalidPath, "'\(Validation.printable(path))' doesn't exist",
                whatToDo: "name the file with the networks",
                field: "network_config")
        }
        return try parse(bytes, path: path)
    }
}
