import FoundationEssentials

/// What a host can run, from `virConnectGetCapabilities`.
public struct HostCapabilities: Sendable, Equatable, Codable {
    /// The host's UUID.
    public var uuid: UUID?
    /// The host's processor.
    public var cpu: CPU
    /// What can run here, by operating system type and architecture.
    public var guests: [Guest]

    /// The host's processor.
    public struct CPU: Sendable, Equatable, Codable {
        /// `x86_64`, `aarch64`, …
        public var architecture: String
        /// libvirt's nearest named model.
        public var model: String?
        /// `Intel`, `AMD`, …
        public var vendor: String?
        /// What it has beyond the model.
        public var features: [String]
    }

    /// One kind of guest.
    public struct Guest: Sendable, Equatable, Codable {
        /// `hvm`, `xen`, …
        public var osType: String
        /// `x86_64`, …
        public var architecture: String
        /// `qemu`, `kvm`, `test`, …
        public var domainTypes: [String]
        /// Machine types and their aliases.
        public var machines: [String]
    }

    /// Reads a capabilities XML.
    public init(parsing xml: String) throws(DomainXMLError) {
        let root = try XMLTree(parsing: xml, root: "capabilities").root
        guard let host = root.child("host"), let cpu = host.child("cpu"), let arch = cpu.child("arch")?.value else {
            throw .missing("<host> with a <cpu> and its <arch>", line: root.line)
        }
        uuid = host.child("uuid").flatMap { UUID(libvirt: $0.text) }
        self.cpu = CPU(
            architecture: arch, model: cpu.child("model")?.value, vendor: cpu.child("vendor")?.value,
            features: cpu.children("feature").compactMap { $0["name"] })
        guests = root.children("guest").compactMap(Guest.init)
    }

    /// Machine types for this kind of guest; nil where the host runs no such guest.
    public func machines(domainType: String, architecture: String, osType: String) -> [String]? {
        guests.first {
            $0.osType == osType && $0.architecture == architecture && $0.domainTypes.contains(domainType)
        }?.machines
    }
}

extension HostCapabilities.Guest {
    init?(_ guest: XMLNode) {
        guard let arch = guest.child("arch"), let name = arch["name"] else { return nil }
        let domains = arch.children("domain")
        // A domain type can bring machine types of its own.
        let machines = (arch.children("machine") + domains.flatMap { $0.children("machine") }).flatMap {
            [$0.value, $0["canonical"]].compactMap { $0 }
        }
        var seen: Set<String> = []
        self.init(
            osType: guest.child("os_type")?.value ?? "", architecture: name,
            domainTypes: domains.compactMap { $0["type"] },
            machines: machines.filter { seen.insert($0).inserted })
    }
}
