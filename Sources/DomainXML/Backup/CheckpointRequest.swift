/// A checkpoint: from it on, a bitmap in each disk says what the guest writes.
public struct CheckpointRequest: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// The disks that take part, by the guest's names of them.
    public var disks: [String]
    /// The other disks of the domain.
    public var others: [String]

    /// A request made of its parts.
    public init(name: String, disks: [String], others: [String] = []) {
        self.name = name
        self.disks = disks
        self.others = others
    }

    /// As libvirt takes it.
    public var xml: String {
        get throws(DomainXMLError) {
            let tree = try XMLTree(parsing: "<domaincheckpoint/>")
            let root = try tree.root
            try root.add("name").setText(name)
            let list = try root.add("disks")
            for (target, kind) in disks.map({ ($0, "bitmap") }) + others.map({ ($0, "no") }) {
                let element = try list.add("disk")
                try element.set("name", to: target)
                try element.set("checkpoint", to: kind)
            }
            return try tree.serialized()
        }
    }
}
