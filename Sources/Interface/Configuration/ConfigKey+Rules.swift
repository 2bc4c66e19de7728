import Logging
import Model

extension ConfigKey {
    /// Throws unless `text` is a value for this key. The error names `field`, the key itself as a rule.
    public func validate(_ text: String, field: String? = nil) throws(KVMCloneError) {
        let field = field ?? rawValue
        switch self {
        case .topology, .sshKeyPath, .sshKnownHosts, .sshPassphraseFile, .sshPasswordFile, .loggingFile:
            _ = try Rules.path(text, field: field)
        case .output: _ = try Rules.choice(text, field: field, as: OutputFormat.self)
        case .dataPorts: _ = try Rules.portRange(text, field: field)
        case .sshPort: _ = try Rules.port(text, field: field)
        case .sshTimeout, .libvirtTimeout: _ = try Rules.seconds(text, field: field)
        case .sshUser: try Self.user(text, field: field)
        case .transferParallel: _ = try Rules.parallel(text, field: field)
        case .transferCompress: _ = try Rules.compression(text, field: field)
        case .transferVerify: _ = try Rules.flag(text, field: field)
        case .transferBandwidthLimit: _ = try Rules.bandwidth(text, field: field)
        case .libvirtURI: try Self.uri(text, field: field)
        case .loggingLevel: try Self.level(text, field: field)
        case .loggingMaxSize: _ = try Rules.size(text, field: field)
        case .loggingBackupCount:
            _ = try Rules.whole(text, in: 0...100, what: "a number of files", field: field)
        }
    }

    private static func user(_ text: String, field: String) throws(KVMCloneError) {
        let isName =
            (1...64).contains(text.utf8.count) && text.first != "-"
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "_-.@\\$".utf8.contains(byte)
            }
        guard isName else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is not a user's name",
                whatToDo: "use letters, digits, '_', '-' and '.'", field: field)
        }
    }

    private static func uri(_ text: String, field: String) throws(KVMCloneError) {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex,
            text.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is not a libvirt URI",
                whatToDo: "use one such as qemu:///system", field: field)
        }
    }

    private static func level(_ text: String, field: String) throws(KVMCloneError) {
        guard Logger.Level(name: text) != nil else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(text))' is not a log level",
                whatToDo: "use DEBUG, INFO, WARN or ERROR", field: field)
        }
    }
}
