import AgentProtocol
import DataPlane
import FoundationEssentials
import Glibc
import Model

/// What the agent says of itself and its machine.
enum Introduction {
    static func hello(_ request: Hello) throws(KVMCloneError) -> Hello.Response {
        guard let version = AgentProtocolVersion.agree(with: request.versions) else {
            throw KVMCloneError(
                .connection,
                "the coordinator speaks protocol versions \(request.versions), this agent \(AgentProtocolVersion.supported)",
                whatToDo: "use the same version of kvm-clone everywhere")
        }
        var names = utsname()
        uname(&names)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Hello.Response(
            version: version, architecture: text(&names.machine),
            hostName: text(&names.nodename), userID: getuid(), processID: getpid(),
            clock: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000, qemuImg: find("qemu-img"),
            qemuNBD: find("qemu-nbd"), virsh: find("virsh"), libvirtSockets: sockets)
    }

    /// The monolithic daemon's socket first: where both exist it is the modular one's proxy, or what really runs.
    private static var sockets: [String] {
        let folders = ["/run/libvirt/", "/var/run/libvirt/"]
        let names = ["libvirt-sock", "virtqemud-sock"]
        var found: [String] = []
        for path in names.flatMap({ name in folders.map { $0 + name } }) {
            var info = stat()
            guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFSOCK else { continue }
            if !found.contains(where: { $0.hasSuffix(path.split(separator: "/").last ?? "") }) { found.append(path) }
        }
        return found
    }

    private static func find(_ tool: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/local/bin", "/usr/bin", "/usr/libexec"]
        return folders.map { "\($0)/\(tool)" }.first { access($0, X_OK) == 0 }
    }

    private static func text<Characters>(_ characters: inout Characters) -> String {
        withUnsafeBytes(of: &characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
