import Model

/// The VMs and replicas of one host, or why they can't be listed.
public struct HostListing: Sendable, Codable, Equatable {
    /// The host.
    public var host: String
    /// Its VMs by name; empty when it couldn't be asked.
    public var vms: [VMInfo]
    /// Replicas in its pools by name; empty where VMs in some state were asked for.
    public var replicas: [ReplicaInfo]
    /// Why it couldn't be asked; nil when it was.
    public var error: KVMCloneError?
    /// Why rows lack something, though the VMs could be listed. Each row's `problems` says what concerns it.
    public var gaps: [KVMCloneError]

    /// Makes a listing from its parts.
    public init(
        host: String, vms: [VMInfo], replicas: [ReplicaInfo] = [], error: KVMCloneError?, gaps: [KVMCloneError] = []
    ) {
        self.replicas = replicas
        self.host = host
        self.vms = vms
        self.error = error
        self.gaps = gaps
    }

    /// True when all was told that there is to tell.
    public var isComplete: Bool { error == nil && gaps.isEmpty }
}
