import Glibc

/// Where the configuration and the state lie.
public struct ConfigPaths: Sendable, Equatable {
    /// The user's home folder.
    public var home: String
    /// The user's file, which `config set` writes.
    public var userFile: String
    /// The user's file of earlier versions, read where `userFile` doesn't exist.
    public var oldUserFile: String
    /// The machine's file.
    public var systemFile: String
    /// Where operations are journalled.
    public var stateFolder: String

    /// The paths by the XDG base directories of `environment`, and for root the machine's own folder for state;
    /// `KVM_CLONE_STATE` names another one.
    public init(environment: [String: String], isRoot: Bool = geteuid() == 0, systemFolder: String = "/etc") {
        home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        func base(_ name: String) -> String? {
            // The specification says that a relative path is to be ignored.
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        userFile = (base("XDG_CONFIG_HOME") ?? "\(home)/.config") + "/kvm-clone/config.yaml"
        oldUserFile = "\(home)/.kvm-clone/config.yaml"
        systemFile = "\(systemFolder)/kvm-clone/config.yaml"
        if let named = base("KVM_CLONE_STATE") {
            stateFolder = named
        } else if let state = base("XDG_STATE_HOME") {
            stateFolder = "\(state)/kvm-clone"
        } else {
            stateFolder = isRoot ? "/var/lib/kvm-clone" : "\(home)/.local/state/kvm-clone"
        }
    }
}
