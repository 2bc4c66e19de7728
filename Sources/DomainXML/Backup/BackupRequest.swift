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

        /// A disk made of its parts.
        public init(target: String, export: String, scratch: String) {
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

    /// As libvirt takes it.
    public var xml: String {
        let parts = disks.map { disk in
            """
                <disk name='\(Self.escaped(disk.target))' backup='yes' type='file' exportname='\(Self.escaped(disk.export))'>
                  <driver type='qcow2'/>
                  <scratch file='\(Self.escaped(disk.scratch))'/>
                </disk>
            """
        }
        return """
            <domainbackup mode='pull'>
              <server transport='unix' socket='\(Self.escaped(socket))'/>
              <disks>
            \(parts.joined(separator: "\n"))
              </disks>
            </domainbackup>
            """
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "'": escaped += "&apos;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
