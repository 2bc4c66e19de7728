import Logging
import Model

/// The settings in force: a flag wins over the environment, that over the user's file, that over the machine's file,
/// and that over the default.
public struct Configuration: Sendable {
    /// Where a setting comes from.
    public enum Origin: Sendable, Equatable, CustomStringConvertible {
        case flag(String)
        case environment(String)
        case file(String, line: Int)
        case builtIn

        /// `--ssh-port`, `KVM_CLONE_SSH_PORT`, `/etc/kvm-clone/config.yaml:3` or `default`.
        public var description: String {
            switch self {
            case .flag(let name), .environment(let name): name
            case .file(let path, let line): "\(path):\(line)"
            case .builtIn: "default"
            }
        }
    }

    /// A key's value and origin.
    public struct Setting: Sendable, Equatable {
        /// The value; nil: none.
        public var value: String?
        /// Where it comes from.
        public var origin: Origin
    }

    /// A value that the command line gives.
    public struct Flag: Sendable {
        /// The option, such as `--ssh-port`.
        public var name: String
        /// Its value.
        public var value: String

        /// Makes a flag from its parts.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    private var settings: [ConfigKey: Setting] = [:]
    /// Where things lie.
    public let paths: ConfigPaths

    /// Settles all keys. `files` come in the order of their weight, the weightiest first. Throws when a flag or a
    /// variable has a value that its key doesn't take.
    public init(
        flags: [ConfigKey: Flag] = [:], environment: [String: String], files: [ConfigFile], paths: ConfigPaths
    ) throws(KVMCloneError) {
        self.paths = paths
        for key in ConfigKey.allCases {
            settings[key] = try Self.settle(key, flags, environment, files, home: paths.home)
        }
    }

    private static func settle(
        _ key: ConfigKey, _ flags: [ConfigKey: Flag], _ environment: [String: String], _ files: [ConfigFile],
        home: String
    ) throws(KVMCloneError) -> Setting {
        if let flag = flags[key] {
            try key.validate(flag.value, field: String(flag.name.drop { $0 == "-" }.map { $0 == "-" ? "_" : $0 }))
            return Setting(value: key.expand(flag.value, home: home, base: nil), origin: .flag(flag.name))
        }
        let name = key.environmentName
        if let value = environment[name], !value.isEmpty {
            do {
                try key.validate(value, field: name)
            } catch {
                throw KVMCloneError(
                    .configuration, "\(name): \(error.message)", whatToDo: error.whatToDo, field: name)
            }
            return Setting(value: key.expand(value, home: home, base: nil), origin: .environment(name))
        }
        for file in files {
            guard let entry = file.entries[key] else { continue }
            let value = entry.value.flatMap { key.expand($0, home: home, base: Folders.parent(of: file.path)) }
            return Setting(value: value, origin: .file(file.path, line: entry.mark.line))
        }
        return Setting(value: key.defaultValue, origin: .builtIn)
    }

    /// A key's setting.
    public subscript(key: ConfigKey) -> Setting { settings[key] ?? Setting(value: nil, origin: .builtIn) }

    /// A key's value; nil: none.
    public func text(_ key: ConfigKey) -> String? { self[key].value }
}

extension Configuration {
    // All values have passed their rules when they were settled, so none of these can fail in practice.

    /// A whole number.
    public func integer(_ key: ConfigKey) -> Int? { text(key).flatMap { Int($0) } }
    /// True or false.
    public func flag(_ key: ConfigKey) -> Bool { text(key)?.lowercased() == "true" }
    /// The format of results.
    public var output: OutputFormat { text(.output).flatMap { OutputFormat(rawValue: $0.lowercased()) } ?? .text }
    /// The ports on which hosts listen.
    public var dataPorts: ClosedRange<UInt16>? { text(.dataPorts).flatMap { try? Rules.portRange($0, field: "") } }
    /// When to compress.
    public var compression: CloneOptions.Compression {
        text(.transferCompress).flatMap { try? Rules.compression($0, field: "") } ?? .auto
    }
    /// Bytes per second; nil when nothing is ever limited.
    public var bandwidthLimit: Timetable? {
        let timetable = text(.transferBandwidthLimit).flatMap { try? Rules.bandwidth($0, field: "") }
        return timetable.flatMap { $0.isUnlimited ? nil : $0 }
    }
    /// The least severe level that is logged.
    public var logLevel: Logger.Level { text(.loggingLevel).flatMap(Logger.Level.init(name:)) ?? .info }
    /// Bytes of one log file.
    public var logFileSize: UInt64? { text(.loggingMaxSize).flatMap { try? Rules.size($0, field: "") } }
}

extension ConfigKey {
    /// Paths with `~` resolved, and when they stand in a file, relative ones below that file's folder.
    fileprivate func expand(_ value: String, home: String, base: String?) -> String {
        switch self {
        case .topology, .sshKeyPath, .sshKnownHosts, .sshPassphraseFile, .sshPasswordFile, .loggingFile:
            guard value.hasPrefix("~") || base != nil else { return value }
            return Folders.expand(value, home: home, base: base ?? ".")
        default: return value
        }
    }
}
