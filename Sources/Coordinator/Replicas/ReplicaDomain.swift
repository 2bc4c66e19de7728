import DomainXML
import Model

/// The domain XML of a replica: the origin's, with the replica's disks.
enum ReplicaDomain {
    /// - Parameters:
    ///   - xml: the origin's definition.
    ///   - name: the replica's.
    ///   - files: path and format by the guest's name of the disk; `nvram` is the UEFI variables.
    ///   - bases: what lies below some of them, by the same names.
    static func xml(
        of xml: String, name: String, files: [String: (path: String, format: String)], networks: [String: String],
        bases: [String: DiskRewrite.Base] = [:]
    ) throws(DomainXMLError) -> String {
        var change = IdentityRewrite(name: name, freesHostResources: false, note: .keep)
        for (disk, file) in files {
            if disk == "nvram" {
                change.nvramPath = file.path
            } else {
                change.disks[disk] = DiskRewrite(
                    .file(file.path), format: file.format, backing: bases[disk].map { .chain([$0]) } ?? .drop)
            }
        }
        for (old, new) in networks {
            change.networks[.network(old)] = .network(new)
            change.networks[.bridge(old)] = .bridge(new)
        }
        return try change.apply(to: xml).xml
    }

    /// The definition of a VM of its own from a replica's: new uuid, generation id and MACs.
    static func independent(_ xml: String, name: String) throws(DomainXMLError) -> (xml: String, uuid: String) {
        let identity = DomainIdentity.fresh(for: try DomainDescription(parsing: xml), name: name)
        var change = IdentityRewrite(identity)
        // Its NVRAM file is its own already.
        change.nvramPath = try DomainDescription(parsing: xml).os.nvram?.path
        return (try change.apply(to: xml).xml, identity.uuid.libvirtText)
    }
}
