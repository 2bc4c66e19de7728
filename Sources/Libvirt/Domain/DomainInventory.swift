/// What a listing shows of a domain.
public struct DomainSummary: Sendable {
    /// The domain itself, for further calls.
    public let domain: Domain
    /// State, memory and processors.
    public let info: DomainInfo
    /// Whether its configuration outlives its stop.
    public let isPersistent: Bool
    /// Whether it starts with its host.
    public let isAutostart: Bool
    /// Whether it has a saved state.
    public let hasManagedSave: Bool
    /// Whether it has snapshots.
    public let hasSnapshot: Bool
    /// Whether it has checkpoints; nil where the driver has none at all.
    public let hasCheckpoint: Bool?
    /// The domain XML, of the running configuration where it runs.
    public let xml: String
}

extension LibvirtConnection {
    /// All domains with what a listing shows, in the order of their names.
    ///
    /// What is a yes or no comes from one filtered list for all domains, the rest takes three calls for each domain. A
    /// domain that goes away meanwhile is left out.
    public func domainSummaries() throws(LibvirtError) -> [DomainSummary] {
        let persistent = try uuids(.persistent)
        let autostart = try uuids(.autostart)
        let managedSave = try uuids(.managedSave)
        let snapshots = try uuids(.hasSnapshot)
        let checkpoints: Set<String>?
        do throws(LibvirtError) {
            checkpoints = try uuids(.hasCheckpoint)
        } catch {
            guard error.isUnsupported || error.code == .invalidArgument else { throw error }
            checkpoints = nil
        }
        var summaries: [DomainSummary] = []
        for domain in try domains().sorted(by: { $0.name < $1.name }) {
            do throws(LibvirtError) {
                summaries.append(
                    DomainSummary(
                        domain: domain, info: try domain.info(), isPersistent: persistent.contains(domain.uuid),
                        isAutostart: autostart.contains(domain.uuid),
                        hasManagedSave: managedSave.contains(domain.uuid),
                        hasSnapshot: snapshots.contains(domain.uuid),
                        hasCheckpoint: checkpoints.map { $0.contains(domain.uuid) }, xml: try domain.xml()))
            } catch {
                guard error.code == .noDomain else { throw error }
            }
        }
        return summaries
    }

    private func uuids(_ filter: DomainFilter) throws(LibvirtError) -> Set<String> {
        Set(try domains(filter).map(\.uuid))
    }
}
