import FoundationEssentials

/// What all links of one end of a tunnel share.
struct TunnelContext: Sendable {
    let job: UUID
    let key: JobKey
    /// This end's salt.
    let salt: Salt
    /// The sender is where connections are accepted.
    let role: Role
    let options: TunnelOptions
    let flow: TunnelFlow
    let ending = TunnelEnding()
    let threads = ThreadGroup()
}
