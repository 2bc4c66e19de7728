import AgentProtocol
import Model

extension HexBytes {
    /// The id of a job on all agents, 16 bytes: the operation's, then the number of its run, from 1. An agent takes an id once.
    /// The last two bytes are for the job's parts, and for repairs.
    static func job(of operation: OperationID, run: Int) -> HexBytes {
        let text = Array(operation.description.utf8)
        var bytes = text + [UInt8](repeating: 0, count: 16 - text.count)
        bytes[12] = UInt8((run - 1) >> 8 & 0xff)
        bytes[13] = UInt8((run - 1) & 0xff)
        return HexBytes(bytes)
    }

    /// The id of a part of a job, which is none of its others.
    func part(_ number: UInt8) -> HexBytes {
        var bytes = bytes
        (bytes[14], bytes[15]) = (0xff, number)
        return HexBytes(bytes)
    }

    /// Random bytes from the system.
    static func random(_ count: Int) -> HexBytes {
        var generator = SystemRandomNumberGenerator()
        return HexBytes((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}
