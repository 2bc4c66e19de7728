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

    /// The XML of a checkpoint, from which `redefineCheckpoint` makes it again.
    public func checkpointXML(_ name: String) throws(LibvirtError) -> String {
        let checkpoint = try handle.object(
            "virDomainCheckpointLookupByName", release: { virDomainCheckpointFree($0) }
        ) { virDomainCheckpointLookupByName($0, name, 0) }
        return try checkpoint.string("virDomainCheckpointGetXMLDesc") {
            virDomainCheckpointGetXMLDesc($0, VIR_DOMAIN_CHECKPOINT_XML_SECURE.rawValue)
        }
    }

    /// Tells libvirt of a checkpoint whose bitmaps are in the disks. Its parent has to be known already.
    public func redefineCheckpoint(_ xml: String) throws(LibvirtError) {
        _ = try handle.object("virDomainCheckpointCreateXML", release: { virDomainCheckpointFree($0) }) {
            virDomainCheckpointCreateXML($0, xml, VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE.rawValue)
        }
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
