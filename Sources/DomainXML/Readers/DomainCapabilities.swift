/// What a QEMU binary can do for one machine type, from `virConnectGetDomainCapabilities`.
public struct DomainCapabilities: Sendable, Equatable, Codable {
    /// The QEMU binary.
    public var emulator: String?
    /// `kvm`, `qemu`, …
    public var domainType: String?
    /// The machine type, with aliases resolved.
    public var machine: String?
    /// `x86_64`, …
    public var architecture: String?
    /// The most virtual CPUs of one VM.
    public var maxVCPUs: Int?
    /// CPU modes that work: `host-passthrough`, `host-model`, `custom`, `maximum`.
    public var cpuModes: [String]
    /// Named CPU models that run on this host.
    public var usableCPUModels: [String]
    /// Named CPU models that QEMU knows, but this host lacks features for (or libvirt can't tell).
    public var unusableCPUModels: [String]
    /// Firmware that libvirt can pick by itself: `bios`, `efi`.
    public var firmware: [String]
    /// Firmware images that libvirt knows on this host.
    public var loaders: [String]

    /// Reads a domain capabilities XML.
    public init(parsing xml: String) throws(DomainXMLError) {
        let root = try XMLTree(parsing: xml, root: "domainCapabilities").root
        emulator = root.child("path")?.value
        domainType = root.child("domain")?.value
        machine = root.child("machine")?.value
        architecture = root.child("arch")?.value
        maxVCPUs = try root.child("vcpu")?.count("max")
        let modes = root.child("cpu")?.children("mode").filter { $0["supported"] == "yes" } ?? []
        cpuModes = modes.compactMap { $0["name"] }
        let models = modes.first { $0["name"] == "custom" }?.children("model") ?? []
        usableCPUModels = models.filter { $0["usable"] == "yes" }.compactMap(\.value)
        unusableCPUModels = models.filter { $0["usable"] != "yes" }.compactMap(\.value)
        let enumerations = root.child("os")?.children("enum").filter { $0["name"] == "firmware" } ?? []
        firmware = enumerations.flatMap { $0.children("value") }.compactMap(\.value)
        loaders = root.child("os", "loader")?.children("value").compactMap(\.value) ?? []
    }
}
