import CLibvirt

extension Domain {
    /// Freezes all file systems of the guest through its agent; answers how many. Waits for the agent for as long as
    /// `setAgentTimeout` says.
    @discardableResult
    public func freezeFileSystems() throws(LibvirtError) -> Int {
        Int(try handle.number("virDomainFSFreeze") { virDomainFSFreeze($0, nil, 0, 0) })
    }

    /// Thaws what was frozen; answers how many.
    @discardableResult
    public func thawFileSystems() throws(LibvirtError) -> Int {
        Int(try handle.number("virDomainFSThaw") { virDomainFSThaw($0, nil, 0, 0) })
    }

    /// Seconds for which calls wait for the guest's agent from now on, whoever makes them; nil: as long as it takes, which
    /// is libvirt's own setting.
    public func setAgentTimeout(_ seconds: Int?) throws(LibvirtError) {
        let value = seconds.map { Int32(clamping: $0) } ?? VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK.rawValue
        try handle.number("virDomainAgentSetResponseTimeout") { virDomainAgentSetResponseTimeout($0, value, 0) }
    }
}
