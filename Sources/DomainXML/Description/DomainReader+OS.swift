extension DomainDescription.OperatingSystem {
    init(domain: XMLNode) throws(DomainXMLError) {
        guard let os = domain.child("os"), let type = os.child("type") else {
            throw .missing("<os> with a <type>", line: domain.line)
        }
        let loader = os.child("loader")
        let nvram = os.child("nvram")
        self.init(
            type: type.value ?? "hvm", architecture: type["arch"], machine: type["machine"], firmware: os["firmware"],
            loader: loader?.value, nvram: nvram.map(DomainDescription.NVRAM.init), kernel: os.child("kernel")?.value,
            initrd: os.child("initrd")?.value, deviceTree: os.child("dtb")?.value,
            isUEFI: os["firmware"] == "efi" || loader?["type"] == "pflash" || nvram != nil)
    }
}

extension DomainDescription.NVRAM {
    init(_ element: XMLNode) {
        let source = element.child("source")
        self.init(
            path: source.map { $0["file"] ?? $0["dev"] } ?? element.value, template: element["template"],
            format: element["format"], storageType: element["type"].flatMap { $0 == "file" ? nil : $0 })
    }
}

extension HostPath {
    /// Host paths that are neither disks nor firmware nor in another field of the description.
    static func others(in domain: XMLNode) -> [HostPath] {
        var paths: [HostPath] = []
        func add(_ path: String?, _ purpose: String) {
            guard let path = path?.trimmingBlanks(), path.hasPrefix("/"), !alwaysThere.contains(path) else { return }
            paths.append(HostPath(path: path, purpose: purpose))
        }
        for table in domain.child("os", "acpi")?.children("table") ?? [] { add(table.value, "an ACPI table") }
        for sysinfo in domain.children("sysinfo") where sysinfo["type"] == "fwcfg" {
            for entry in sysinfo.children("entry") { add(entry["file"], "a firmware configuration blob") }
        }
        guard let devices = domain.child("devices") else { return paths }
        for rng in devices.children("rng") {
            guard let backend = rng.child("backend") else { continue }
            if backend["model"] == "random" { add(backend.value, "a source of random numbers") }
            if backend["model"] == "egd" { add(backend.child("source")?["path"], "a source of random numbers") }
        }
        for input in devices.children("input") {
            add(input.child("source")?["dev"] ?? input.child("source")?["evdev"], "an input device")
        }
        for element in devices.elements {
            add(element.child("rom")?["file"], "a boot ROM")
            if ["redirdev", "smartcard"].contains(element.name) {
                add(element.child("source")?["path"], "the back end of a \(element.name)")
            }
        }
        for shmem in devices.children("shmem") { add(shmem.child("server")?["path"], "a shared memory server") }
        return paths
    }

    private static let alwaysThere: Set = ["/dev/random", "/dev/urandom"]
}
