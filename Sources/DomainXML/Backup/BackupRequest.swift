/// A backup job in pull mode: an NBD server that shows disks of a running domain as they were when it began.
public struct BackupRequest: Sendable, Equatable {
    /// One disk that takes part.
    public struct Disk: Sendable, Equatable {
        /// The guest's name of it, such as `vda`.
        public var target: String
        /// The name of its NBD export.
        public var export: String
        /// A file that doesn't exist yet, in which QEMU keeps what the guest overwrites meanwhile.
        public var scratch: String
        /// The checkpoint since which the export says what was written, in a bitmap; nil for none.
        public var since: String?

        /// A disk made of its parts.
        public init(target: String, export: String, scratch: String, since: String? = nil) {
            self.since = since
            self.target = target
            self.export = export
            self.scratch = scratch
        }
    }

    /// The UNIX socket that the server listens on.
    public var socket: String
    /// The disks; others take no part.
    public var disks: [Disk]

    /// A request made of its parts.
    public init(socket: String, disks: [Disk]) {
        self.socket = socket
        self.disks = disks
    }

    /// The name of the bitmap of a disk's export.
    public static func bitmap(of target: String) -> String { "backup-\(target)" }

    /// As libvirt takes it.
    public var xml: String {
        get throws(DomainXMLError) {
            let tree = try XMLTree(parsing: "<domainbackup mode='pull'/>")
            let root = try tree.root
            let server = try root.add("server")
            try server.set("transport", to: "unix")
            try server.set("socket", to: socket)
            let list = try root.add("disks")
            for disk in disks {
                let element = try list.add("disk")
                try element.set("name", to: disk.target)
                try element.set("backup", to: "yes")
                try element.set("type", to: "file")
                try element.set("exportname", to: disk.export)
                if let since = disk.since {
                    try element.set("backupmode", to: "incremental")
                    try element.set("incremental", to: since)
                }
                try element.add("driver").set("type", to: "qcow2")
                try element.add("scratch").set("file", to: disk.scratch)
            }
            return try tree.serialized()
        }
    }
}
