import CLibvirt

extension Domain {
    /// Begins a backup as its XML says; with a checkpoint both are of one instant. It goes on until `abortJob`, also when
    /// this connection ends.
    public func beginBackup(xml: String, checkpointXML: String? = nil) throws(LibvirtError) {
        try handle.number("virDomainBackupBegin") { virDomainBackupBegin($0, xml, checkpointXML, 0) }
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
