/// `<cpu>` elements, as libvirt compares them.
public enum CPUElement {
    /// The CPU that a running domain's guest sees, from its running XML. Nil where the XML leaves that to the hypervisor, and
    /// for one that is passed through.
    public static func guest(_ xml: String) throws(DomainXMLError) -> String? {
        guard let cpu = try XMLTree(parsing: xml, root: "domain").root.child("cpu"), cpu.child("model") != nil,
            cpu["mode"] == nil || cpu["mode"] == "custom"
        else { return nil }
        return cpu.serialized
    }

    /// True when a domain's guest sees the host's own CPU.
    public static func isPassedThrough(_ xml: String) throws(DomainXMLError) -> Bool {
        try XMLTree(parsing: xml, root: "domain").root.child("cpu")?["mode"] == "host-passthrough"
    }

    /// The CPU that `host-model` stands for on a host, from its domain capabilities. Nil where it has none.
    public static func hostModel(_ capabilities: String) throws(DomainXMLError) -> String? {
        let root = try XMLTree(parsing: capabilities, root: "domainCapabilities").root
        let mode = root.child("cpu")?.children("mode").first { $0["name"] == "host-model" && $0["supported"] == "yes" }
        guard let mode, mode.child("model") != nil else { return nil }
        return "<cpu mode='custom' match='exact'>" + mode.elements.map(\.serialized).joined() + "</cpu>"
    }

    /// A host's own CPU, from its capabilities.
    public static func host(_ capabilities: String) throws(DomainXMLError) -> String? {
        try XMLTree(parsing: capabilities, root: "capabilities").root.child("host", "cpu")?.serialized
    }

    /// What a `<cpu>` comes to in a few words: its model, and what it has beside or without.
    public static func words(_ xml: String) throws(DomainXMLError) -> String {
        let cpu = try XMLTree(parsing: xml, root: "cpu").root
        let features = cpu.children("feature").compactMap { feature in
            feature["name"].map { (feature["policy"] == "disable" ? "-" : "+") + $0 }
        }
        return ([cpu.child("model")?.value ?? "no model"] + features).joined(separator: ",")
    }
}
