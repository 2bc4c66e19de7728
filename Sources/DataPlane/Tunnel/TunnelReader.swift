import FoundationEssentials
import Glibc

/// Receives the frames of one end of a link, and opens them. One thread; blocks until the socket is shut down.
final class TunnelReader {
    enum Frame {
        /// The peer has accepted a connection.
        case open
        /// Bytes, which lie there until the next frame is read.
        case data(UnsafeRawBufferPointer)
        /// The connection has ended in this direction.
        case end
    }

    let socket: Socket
    private let opener: FrameOpener
    private let check: TunnelCheck
    private let tally: TunnelTally
    private let sealed = TunnelBuffer()
    private let clear = TunnelBuffer()
    private var zstd: ZstdDecompressor?
    private var total: UInt64 = 0

    init(_ socket: Socket, key: StreamKey, check: TunnelCheck, tally: TunnelTally) throws {
        self.socket = socket
        self.check = check
        self.tally = tally
        opener = try FrameOpener(key: key)
    }

    /// The next frame. Throws what is wrong with it, why the peer gave up, or that the connection broke.
    func next(_ ending: TunnelEnding) throws -> Frame {
        try fill(sealed.frame, FrameHeader.encodedSize, ending)
        let header = try FrameHeader(decoding: sealed.frame)
        try check.check(header)
        try opener.checkSequence(header)
        // No kind that the check lets through has more than the buffer holds.
        let length = Int(header.wireLength)
        try fill(sealed.payload, length + Geometry.tag, ending)
        try opener.open(header, at: sealed.frame)
        let payload = UnsafeRawBufferPointer(start: sealed.payload, count: length)
        switch header.kind {
        case .open:
            tally.add(check.direction, plain: 0, wire: FrameHeader.emptyFrame)
            return .open
        case .data:
            let bytes = header.codec == .raw ? payload : try decompress(payload, Int(header.logicalLength))
            total += header.logicalLength
            tally.add(check.direction, plain: bytes.count, wire: FrameHeader.emptyFrame + length)
            return .data(bytes)
        case .end:
            guard header.offset == header.sequence, header.logicalLength == total else { throw FrameError.badCounts }
            tally.add(check.direction, plain: 0, wire: FrameHeader.emptyFrame)
            return .end
        case .abort: throw TransferError(.peerAborted, "the other end gave up: \(printable(payload))")
        default: throw FrameError.unexpectedKind(header.kind)
        }
    }

    /// Throws away what still comes until the peer closes or had its time: a connection that is closed over unread bytes
    /// is reset, and the reason that was sent lost.
    func drain(_ ending: TunnelEnding) {
        do throws(NetworkError) {
            while !ending.isOver {
                let count = try socket.receive(sealed.frame, TunnelFrame.maxSize)
                if count == 0 { return }
                if count == nil { _ = try socket.wait(POLLIN, milliseconds: 100) }
            }
        } catch {
            // It broke, and so has nothing more to say.
        }
    }

    private func decompress(_ payload: UnsafeRawBufferPointer, _ length: Int) throws -> UnsafeRawBufferPointer {
        let zstd = try self.zstd ?? ZstdDecompressor()
        self.zstd = zstd
        let output = UnsafeMutableRawBufferPointer(start: clear.payload, count: length)
        try zstd.decompress(payload, into: output)
        return UnsafeRawBufferPointer(output)
    }

    private func fill(_ p: UnsafeMutableRawPointer, _ count: Int, _ ending: TunnelEnding) throws {
        var done = 0
        while done < count {
            guard let n = try socket.receive(p + done, count - done) else {
                if ending.isOver { throw TransferError.cancelled() }
                _ = try socket.wait(POLLIN, milliseconds: 500)
                continue
            }
            guard n > 0 else { throw NetworkError(.closed, "receive") }
            done += n
        }
    }
}
