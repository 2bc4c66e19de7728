/// The control channel's framing: a big-endian 32-bit length, then that many bytes of JSON.
package enum ControlFrame {
    /// The longest message that either end accepts, in bytes.
    package static let limit = 8 << 20

    /// The length prefix of a message of `count` bytes.
    package static func header(for count: Int) -> [UInt8] {
        let length = UInt32(count)
        return [UInt8(length >> 24), UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff)]
    }

    /// Reads a length prefix. Throws on 0 and on more than `limit`, before anything is allocated.
    package static func length(of header: some Collection<UInt8>) throws(ControlFrameError) -> Int {
        let length = header.reduce(0) { $0 << 8 | Int($1) }
        guard length > 0, length <= limit else { throw .badLength(length) }
        return length
    }
}

/// What can be wrong with a message on the control channel.
package enum ControlFrameError: Error, Equatable {
    /// The length is 0 or above the limit: this isn't our protocol.
    case badLength(Int)
    /// The message isn't the JSON that it should be.
    case malformed(String)
    /// The channel ended in the middle of a message.
    case truncated
}
