import DomainXML
import Model

/// What QEMU does to images under a domain that a fake host runs.
enum FakeOverlays {
    /// The overlays of a request, by the guest's names of the disks.
    static func wanted(_ xml: String) throws(KVMCloneError) -> [(disk: String, path: String)] {
        let pattern = #/<disk name="(\w+)" snapshot="external">.*?<source file="([^"]+)"/>/#.dotMatchesNewlines()
        let found = xml.matches(of: pattern).map { (String($0.1), String($0.2)) }
        guard !found.isEmpty else { throw KVMCloneError(.libvirt, "no disks in the snapshot's XML") }
        return found
    }

    static func make(_ path: String, over base: (path: String, format: String)) throws(KVMCloneError) {
        try run(["create", "-q", "-f", "qcow2", "-b", base.path, "-F", base.format, path])
    }

    /// Brings an overlay into its base; answers the base's format.
    static func commit(_ path: String) throws(KVMCloneError) -> String {
        do {
            let info = try Tool.run("qemu-img", ["info", "-U", path])
            let format = info.firstMatch(of: #/backing file format: (\w+)/#)?.1
            try Tool.run("qemu-img", ["commit", "-q", "-f", "qcow2", path])
            return format.map(String.init) ?? "raw"
        } catch {
            throw KVMCloneError(.libvirt, "\(error)")
        }
    }

    /// Brings what an overlay itself has, and nothing that is below it, onto another one.
    static func move(_ path: String, onto other: String) throws {
        let base = other + ".top"
        try Tool.run("cp", [path, base])
        let info = try Tool.run("qemu-img", ["info", "-U", other])
        guard let backing = info.firstMatch(of: #/backing file: ([^\n]+?)(?: \(actual.*)?\n/#)?.1,
            let format = info.firstMatch(of: #/backing file format: (\w+)/#)?.1
        else { throw KVMCloneError(.libvirt, "no overlay: \(info)") }
        try Tool.run(
            "qemu-img", ["rebase", "-u", "-f", "qcow2", "-b", String(backing), "-F", String(format), base])
        // The file stays the one that was made.
        try Tool.run("cp", [base, other])
        try Tool.run("rm", [base])
    }

    static func xml(
        _ xml: String, _ disk: String, _ path: String, _ format: String, over base: (path: String, format: String)?
    ) throws(KVMCloneError) -> String {
        var change = IdentityRewrite(note: .keep)
        change.freesHostResources = false
        change.disks[disk] = DiskRewrite(
            .file(path), format: format,
            backing: base.map { .chain([DiskRewrite.Base(.file($0.path), format: $0.format)]) } ?? .drop)
        do throws(DomainXMLError) {
            return try change.apply(to: xml).xml
        } catch {
            throw KVMCloneError(.libvirt, "\(error)")
        }
    }

    private static func run(_ arguments: [String]) throws(KVMCloneError) {
        do { try Tool.run("qemu-img", arguments) } catch { throw KVMCloneError(.libvirt, "\(error)") }
    }
}
