/// Numbers of the NBD protocol (doc/proto.md of the NetworkBlockDevice project), fixed newstyle.
enum NBDProtocol {
    static let greeting: UInt64 = 0x4E42_444D_4147_4943
    static let optionMagic: UInt64 = 0x4948_4156_454F_5054
    static let optionReplyMagic: UInt64 = 0x0003_E889_0455_65A9
    static let requestMagic: UInt32 = 0x2560_9513
    static let simpleReplyMagic: UInt32 = 0x6744_6698
    static let structuredReplyMagic: UInt32 = 0x668E_33EF

    static let fixedNewstyle: UInt16 = 1 << 0
    static let noZeroes: UInt16 = 1 << 1

    /// The longest string that the protocol allows, in bytes.
    static let maximumString = 4096
    /// Requests are cut to this where the server names no maximum, in bytes.
    static let defaultMaximumPayload: UInt32 = 32 << 20

    enum Option: UInt32 {
        case abort = 2
        case go = 7
        case structuredReply = 8
        case setMetaContext = 10
    }

    enum OptionReply {
        static let acknowledge: UInt32 = 1
        static let info: UInt32 = 3
        static let metaContext: UInt32 = 4
        static let errorBit: UInt32 = 1 << 31
        static let unsupported = errorBit | 1
    }

    enum Info {
        static let export: UInt16 = 0
        static let name: UInt16 = 1
        static let blockSize: UInt16 = 3
    }

    enum Command: UInt16 {
        case read = 0
        case write = 1
        case disconnect = 2
        case flush = 3
        case writeZeroes = 6
        case blockStatus = 7

        /// For messages.
        var verb: String {
            switch self {
            case .read: "read"
            case .write: "write"
            case .disconnect: "leave"
            case .flush: "flush"
            case .writeZeroes: "zero"
            case .blockStatus: "map"
            }
        }
    }

    enum Chunk {
        static let done: UInt16 = 1 << 0
        static let none: UInt16 = 0
        static let offsetData: UInt16 = 1
        static let offsetHole: UInt16 = 2
        static let blockStatus: UInt16 = 5
        static let errorBit: UInt16 = 1 << 15
    }
}

/// What a server says of an export.
public struct NBDExport: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Size in bytes.
    public var size: UInt64 = 0
    /// Transmission flags as they came.
    var flags: UInt16 = 0
    /// Requests have to be multiples of this.
    var minimumBlock: UInt32 = 1
    /// The largest payload of a request, in bytes.
    var maximumPayload = NBDProtocol.defaultMaximumPayload
    /// Answers to reads come in chunks.
    var isStructured = false
    /// Metadata contexts that the server granted, by name.
    public var contexts: [String: UInt32] = [:]

    /// The server refuses writes.
    public var isReadOnly: Bool { has(1) }
    /// Flushes are understood.
    public var canFlush: Bool { has(2) }
    /// Zeros can be written without sending them.
    public var canWriteZeroes: Bool { has(6) }
    /// A flush on one connection covers the writes of all.
    public var canUseSeveralConnections: Bool { has(8) }

    private func has(_ bit: UInt16) -> Bool { flags & (1 << bit) != 0 }
}
