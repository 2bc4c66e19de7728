import AgentProtocol
import FoundationEssentials
import Glibc
import Model
import Synchronization

/// Serves the control channel: one request after the other comes in, each is answered from a thread of its own.
///
/// When the channel ends, everything that the agent holds ends with it: streams, locks, claims, partial files.
public final class AgentServer: Sendable {
    private let input: Int32
    private let output: ReplyChannel
    private let state: AgentState
    private let table: RequestTable

    /// Serves the descriptors, which stay the caller's. `stateFolder`: where claims are kept; nil: where the user
    /// keeps such things. `socketHome`: where QEMU's user may use sockets of tunnels; nil: where libvirt has it.
    public init(input: Int32, output: Int32, stateFolder: String? = nil, socketHome: String? = nil) {
        self.input = input
        self.output = ReplyChannel(output)
        let channel = self.output
        state = AgentState(
            stateFolder: stateFolder ?? ClaimFolder.standard, socketHome: socketHome ?? SocketFolder.home
        ) { channel.send(EventEnvelope($0)) }
        table = RequestTable(state: state)
    }

    /// Blocks until the channel ends, then ends everything.
    public func run() {
        defer { state.endAll() }
        do throws(ControlFrameError) {
            while let message = try readMessage() { try dispatch(message) }
        } catch {
            // Nobody who speaks the protocol sends this: there is nobody to answer.
            complain("the control channel broke: \(error)")
        }
    }

    private func dispatch(_ message: Data) throws(ControlFrameError) {
        let head: RequestHead
        do {
            head = try JSONDecoder().decode(RequestHead.self, from: message)
        } catch {
            throw .malformed("\(error)")
        }
        if head.call == Ping.name { return output.send(ReplyEnvelope(id: head.id, ok: Done())) }
        guard let handler = table.handlers[head.call] else {
            let error = KVMCloneError(
                .validation, "the agent knows no request '\(Validation.printable(head.call))'",
                whatToDo: "use the same version of kvm-clone everywhere")
            return output.send(ReplyEnvelope<Done>(id: head.id, error: error))
        }
        let output = output
        let isStarted = state.threads.start("kc-request") { output.send(bytes: handler(head.id, message)) }
        if !isStarted {
            output.send(
                ReplyEnvelope<Done>(id: head.id, error: KVMCloneError(.general, "no thread for the request")))
        }
    }

    private func readMessage() throws(ControlFrameError) -> Data? {
        var header = [UInt8](repeating: 0, count: 4)
        guard try fill(&header) else { return nil }
        var message = [UInt8](repeating: 0, count: try ControlFrame.length(of: header))
        guard try fill(&message) else { throw .truncated }
        return Data(message)
    }

    private func fill(_ bytes: inout [UInt8]) throws(ControlFrameError) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { rest in
                read(input, rest.baseAddress.map { $0 + done }, rest.count - done)
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                guard done == 0 else { throw .truncated }
                return false
            }
        }
        return true
    }
}

/// Prints a line on standard error, which the coordinator keeps for its messages.
func complain(_ text: String) {
    let line = Array("kvm-clone-agent: \(text)\n".utf8)
    _ = write(2, line, line.count)
}
