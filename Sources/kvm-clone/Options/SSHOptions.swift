import ArgumentParser
import Interface

struct SSHOptions: ParsableArguments {
    @Option(name: [.customShort("k"), .customLong("ssh-key")], help: .init("Private key.", valueName: "file"))
    var key: String?

    @Option(name: .customLong("ssh-port"), help: .init("SSH port of the hosts, 1-65535.", valueName: "port"))
    var port: String?

    var flags: [ConfigKey: Configuration.Flag] {
        var flags: [ConfigKey: Configuration.Flag] = [:]
        flags[.sshKeyPath] = key.map { .init("--ssh-key", $0) }
        flags[.sshPort] = port.map { .init("--ssh-port", $0) }
        return flags
    }
}
