/// Why one of QEMU's tools could not do its work.
public enum ToolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The tool is not installed.
    case missing(tool: String)
    /// The tool could not be started.
    case notStarted(tool: String, reason: String)
    /// The tool ended with an error; `status` is its exit status, or 128 + the signal that ended it.
    case failed(tool: String, status: Int32, messages: String)
    /// The tool did nothing within its time.
    case timedOut(tool: String, messages: String)

    /// One line: the tool, the cause, and what to do next.
    public var description: String {
        switch self {
        case .missing(let tool):
            let isVirsh = tool == "virsh"
            let (debian, fedora) = isVirsh ? ("libvirt-clients", "libvirt-client") : ("qemu-utils", "qemu-img")
            return "\(tool) is not installed; install it (Debian: apt install \(debian), Fedora: dnf install \(fedora))"
        case .notStarted(let tool, let reason): return "\(tool) can't be started: \(reason)"
        case .failed(let tool, let status, let messages):
            return "\(tool) failed (status \(status))\(messages.isEmpty ? "" : ": \(messages)")"
        case .timedOut(let tool, let messages):
            return "\(tool) did not get ready in time\(messages.isEmpty ? "" : ": \(messages)")"
        }
    }
}
