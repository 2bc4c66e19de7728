import Testing

extension Integration {
    /// Real sshd, libvirtd and QEMU on four hosts. Where a lab can't run, `ScriptTests` tells why.
    @Suite(.serialized, .enabled("a lab can run here") { try await LabHosts.obstacle() == nil }, .lab(4))
    enum Lab {
        /// Puts the guests on the first host that many tests copy: `raw` and `qcow2`, the same disk in both.
        static func guests() async throws -> LabHosts {
            let hosts = try LabHosts.current()
            let there = try await hosts.names(1)
            for format in ["raw", "qcow2"] where !there.contains(format) {
                try await hosts.lab("guest", "kvm1", format, "--disk-format", format, "--size", "256M").succeeded()
            }
            return hosts
        }
    }
}
