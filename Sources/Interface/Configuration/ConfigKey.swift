import Model

/// Every key of the configuration.
public enum ConfigKey: String, Sendable, CaseIterable {
    case topology
    case output
    case dataPorts = "data_ports"
    case sshKeyPath = "ssh.key_path"
    case sshPort = "ssh.port"
    case sshTimeout = "ssh.timeout"
    case sshUser = "ssh.user"
    case sshKnownHosts = "ssh.known_hosts"
    case sshPassphraseFile = "ssh.passphrase_file"
    case sshPasswordFile = "ssh.password_file"
    case transferParallel = "transfer.parallel"
    case transferCompress = "transfer.compress"
    case transferVerify = "transfer.verify"
    case transferBandwidthLimit = "transfer.bandwidth_limit"
    case libvirtURI = "libvirt.uri"
    case libvirtTimeout = "libvirt.timeout"
    case loggingLevel = "logging.level"
    case loggingFile = "logging.file"
    case loggingMaxSize = "logging.max_size"
    case loggingBackupCount = "logging.backup_count"

    /// The section that it stands in; nil at the top.
    public var section: String? { rawValue.split(separator: ".").count == 2 ? parts[0] : nil }
    /// The key inside its section.
    public var name: String { parts[parts.count - 1] }
    /// The environment variable that sets it.
    public var environmentName: String {
        "KVM_CLONE_" + rawValue.uppercased().map { $0 == "." ? "_" : $0 }
    }

    private var parts: [String] { rawValue.split(separator: ".").map(String.init) }

    /// The value when nobody sets it; nil: none.
    public var defaultValue: String? {
        switch self {
        case .topology, .sshKeyPath, .sshPort, .sshUser, .sshKnownHosts, .sshPassphraseFile, .sshPasswordFile,
            .transferBandwidthLimit, .libvirtURI, .loggingFile:
            nil
        case .output: "text"
        case .dataPorts: "49152-49215"
        case .sshTimeout: "30"
        case .transferParallel: String(CloneOptions().parallel)
        case .transferCompress: CloneOptions().compression.rawValue
        case .transferVerify: String(CloneOptions().verify)
        case .libvirtTimeout: "60"
        case .loggingLevel: "INFO"
        case .loggingMaxSize: "10M"
        case .loggingBackupCount: "5"
        }
    }

    /// What it means, in one line.
    public var summary: String {
        switch self {
        case .topology: "topology file with the hosts"
        case .output: "how results are shown: text, wide, name, json, yaml"
        case .dataPorts: "ports on which hosts listen for each other's data, FROM-TO"
        case .sshKeyPath: "private key; none: as the SSH configuration says"
        case .sshPort: "port; none: as the SSH configuration says"
        case .sshTimeout: "seconds to wait for a connection, 1-86400"
        case .sshUser: "user on the hosts; none: as the SSH configuration says"
        case .sshKnownHosts: "file with the hosts' keys; none: as the SSH configuration says"
        case .sshPassphraseFile: "file with the private key's passphrase; none: asked for on a terminal"
        case .sshPasswordFile: "file with the user's password; none: keys only"
        case .transferParallel: "streams per copy, 1-16"
        case .transferCompress: "true, false, or auto: where it makes the copy faster"
        case .transferVerify: "read every copy back and compare it"
        case .transferBandwidthLimit: "bytes per second for an operation, with K to T, or a timetable; none: no limit"
        case .libvirtURI: "libvirt's address on the hosts; none: qemu:///system or the topology's"
        case .libvirtTimeout: "seconds to wait for libvirt, 1-86400"
        case .loggingLevel: "DEBUG, INFO, WARN or ERROR"
        case .loggingFile: "file that log records are also written to; none: standard error alone"
        case .loggingMaxSize: "size at which a new log file is begun, with K, M or G"
        case .loggingBackupCount: "older log files to keep, 0-100"
        }
    }
}
