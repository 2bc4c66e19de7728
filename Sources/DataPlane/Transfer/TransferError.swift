/// Why a transfer, or one target of it, failed.
public struct TransferError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Kind: Sendable, Equatable {
        /// `cancel` was called.
        case cancelled
        /// A source disk could not be read, or changed.
        case source
        /// A target disk could not be written.
        case sink
        /// The connection broke.
        case network
        /// The peer made no progress for too long.
        case stalled
        /// The peer sent what no peer of ours sends.
        case protocolViolation(FrameError)
        /// The peer gave up and said why.
        case peerAborted
        /// Every target failed.
        case allTargetsFailed
        /// The streams ended, but not every byte of every disk had come.
        case incomplete
        /// Memory, threads or libcrypto.
        case resources
    }

    /// What kind of failure it was.
    public let kind: Kind
    /// What happened, with the cause.
    public let message: String
    /// The disk's index in the job, where it was about one.
    public let disk: UInt32?
    /// The connection, where it was about one.
    public let stream: UInt16?
    /// The error below, where there was one.
    public let underlying: (any Error)?

    init(
        _ kind: Kind, _ message: String, disk: UInt32? = nil, stream: UInt16? = nil, underlying: (any Error)? = nil
    ) {
        self.kind = kind
        self.message = message
        self.disk = disk
        self.stream = stream
        self.underlying = underlying
    }

    /// What a thread caught that belongs to no stream, as one of ours.
    init(unplaced error: any Error) {
        self = error as? TransferError ?? TransferError(.resources, "\(error)", underlying: error)
    }

    /// What a worker thread caught, as one of ours.
    init(_ error: any Error, stream: UInt16) {
        switch error {
        case let error as TransferError:
            self = TransferError(
                error.kind, error.message, disk: error.disk, stream: error.stream ?? stream,
                underlying: error.underlying)
        case let error as FrameError:
            let kind: Kind = error == .truncated ? .network : .protocolViolation(error)
            self = TransferError(kind, error.description, stream: stream, underlying: error)
        case let error as NetworkError:
            let kind: Kind = error.kind == .timedOut ? .stalled : .network
            self = TransferError(kind, error.description, stream: stream, underlying: error)
        default:
            self = TransferError(.resources, "\(error)", stream: stream, underlying: error)
        }
    }

    static func cancelled() -> TransferError { TransferError(.cancelled, "the transfer was cancelled") }

    static func source(_ disk: UInt32, _ error: any Error) -> TransferError {
        TransferError(.source, "could not read source disk \(disk): \(error)", disk: disk, underlying: error)
    }

    static func sink(_ disk: UInt32, _ error: any Error) -> TransferError {
        TransferError(.sink, "could not write target disk \(disk): \(error)", disk: disk, underlying: error)
    }

    /// What happened and on which connection.
    public var description: String {
        let place = stream.map { " (stream \($0))" } ?? ""
        return message + place
    }
}
