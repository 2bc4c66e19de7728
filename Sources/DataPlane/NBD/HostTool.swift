/// Runs a program of the host, with an argument vector and no shell.
public enum HostTool {
    /// Runs it to its end and answers with what it printed, at most 64 KiB. Throws when it ends with another status than 0,
    /// or hasn't ended after so many seconds: then it was killed.
    public static func run(_ tool: String, _ arguments: [String], seconds: Int) throws(ToolError) -> String {
        let child = try ChildProcess(tool, arguments)
        guard child.waitForEnd(milliseconds: seconds * 1000) else {
            child.stop()
            throw .timedOut(tool: tool, messages: child.messages)
        }
        guard child.status == 0 else {
            throw .failed(tool: tool, status: child.status ?? -1, messages: child.messages)
        }
        return child.output
    }
}
