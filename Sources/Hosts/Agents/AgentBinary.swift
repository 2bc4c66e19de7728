import CCrypto
import FoundationEssentials
import Glibc
import Model

/// The agent's executable on this machine, which is put on hosts that lack it.
package struct AgentBinary: Sendable {
    /// Where it lies.
    package let path: String
    /// SHA-256 of its bytes, in hexadecimal.
    package let digest: String
    /// The architecture that it is built for, as `uname -m` prints it.
    package let architecture: String

    /// Looks at the executable at `path`, or else beside this one and in its libexec folder.
    package static func find(_ path: String? = nil) throws(KVMCloneError) -> AgentBinary {
        let candidates = path.map { [$0] } ?? nearby
        guard let found = candidates.first(where: { access($0, R_OK) == 0 }) else {
            throw KVMCloneError(
                .configuration, "the agent's executable is missing",
                cause: "looked for \(candidates.joined(separator: ", "))",
                whatToDo: "install kvm-clone-agent beside kvm-clone, or set KVM_CLONE_AGENT")
        }
        guard let digest = sha256(ofFile: found) else {
            throw KVMCloneError(.configuration, "the agent's executable \(found) can't be read")
        }
        return AgentBinary(path: found, digest: digest, architecture: machine)
    }

    private static var nearby: [String] {
        let named = ProcessInfo.processInfo.environment["KVM_CLONE_AGENT"].map { [$0] } ?? []
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return named
        }
        let folder = own.split(separator: "/").dropLast().joined(separator: "/")
        return named + ["/\(folder)/kvm-clone-agent", "/\(folder)/../libexec/kvm-clone/kvm-clone-agent"]
    }

    /// The agent is built together with this executable, and so for the same architecture.
    private static var machine: String {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: &names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Reads by pieces: the whole file would be tens of megabytes of memory in every command.
    private static func sha256(ofFile path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestInit_ex2(context, EVP_sha256(), nil) == 1 else { return nil }
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            guard EVP_DigestUpdate(context, piece, count) == 1 else { return nil }
        }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { return nil }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
