import CLibvirt

extension Domain {
    /// Begins a backup as its XML says; with a checkpoint both are of one instant. It goes on until `abortJob`, also when
    /// this connection ends.
    public func beginBackup(xml: String, checkpointXML: String? = nil) throws(LibvirtError) {
        try handle.number("virDomainBackupBegin") { virDomainBackupBegin($0, xml, checkpointXML, 0) }
    }

    /// Removes a checkpoint. What its bitmap has goes to the checkpoint before it, if there is one.
    ///
    /// - Parameter metadataOnly: libvirt forgets it, and its bitmap stays in the disks: for one that is broken, or of a domain
    ///   that doesn't run.
    public func deleteCheckpoint(_ name: String, metadataOnly: Bool = false) throws(LibvirtError) {
        let checkpoint = try handle.object(
            "virDomainCheckpointLookupByName", release: { virDomainCheckpointFree($0) }
        ) { virDomainCheckpointLookupByName($0, name, 0) }
        let flags = metadataOnly ? VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY.rawValue : 0
        try checkpoint.number("virDomainCheckpointDelete") { virDomainCheckpointDelete($0, flags) }
    }

    /// The XML of the backup that runs. Throws `noDomainBackup` when none does.
    public func backupXML() throws(LibvirtError) -> String {
        try handle.string("virDomainBackupGetXMLDesc") { virDomainBackupGetXMLDesc($0, 0) }
    }

    /// Ends the job that holds the domain: a backup, or a migration.
    public func abortJob() throws(LibvirtError) {
        try handle.number("virDomainAbortJob") { virDomainAbortJob($0) }
    }
}
