/// Paths on the host that carry a VM's name.
enum NamedPath {
    /// Folders that libvirt makes by itself.
    static let libvirtFolders = [
        "/var/lib/libvirt/qemu/", "/var/log/libvirt/qemu/", "/var/run/libvirt/qemu/", "/run/libvirt/qemu/",
    ]

    /// Beginnings of paths that belong to the system: a VM called `log` doesn't own `/var/log`. The first match counts.
    private static let systemFolders =
        ["/var/lib/libvirt/qemu/nvram/", "/var/lib/libvirt/qemu/channel/target/", "/var/lib/libvirt/qemu/ram/"]
        + libvirtFolders
        + [
            "/var/lib/libvirt/", "/var/log/libvirt/", "/var/run/libvirt/", "/run/libvirt/", "/var/lib/", "/var/log/",
            "/var/run/", "/var/tmp/", "/run/", "/tmp/", "/dev/shm/", "/dev/", "/srv/", "/mnt/", "/opt/", "/home/",
            "/var/",
        ]

    /// True for the socket of a channel that libvirt named itself; it names a new one when the path is left out.
    static func isMadeByLibvirt(_ path: String, channel name: String) -> Bool {
        let folders = [
            "/var/lib/libvirt/qemu/channel/target/", "/run/libvirt/qemu/channel/", "/var/run/libvirt/qemu/channel/",
        ]
        guard folders.contains(where: path.hasPrefix), path.hasSuffix(name) else { return false }
        // Either `…/domain-3-web/NAME`, `…/3-web/NAME`, or, from old releases, `…/web.NAME`.
        return ["/", "."].contains(path.dropLast(name.count).last)
    }

    /// Puts the new name wherever the old one stands between characters that are neither letters nor digits.
    ///
    /// `web` is found in `/log/web.log` and `/vms/web/0.sock`, not in `/log/website.log`.
    static func replacing(_ old: String, with new: String, in path: String) -> String {
        guard !old.isEmpty, old != new else { return path }
        let fixed = systemFolders.first { path.hasPrefix($0) } ?? ""
        let text = Array(path.dropFirst(fixed.count))
        let name = Array(old)
        var result = fixed
        var position = 0
        while position < text.count {
            let end = position + name.count
            if end <= text.count, text[position..<end].elementsEqual(name),
                position == 0 || !isPartOfName(text[position - 1]), end == text.count || !isPartOfName(text[end])
            {
                result += new
                position = end
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return result
    }

    private static func isPartOfName(_ character: Character) -> Bool { character.isLetter || character.isNumber }
}
