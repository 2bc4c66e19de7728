import Glibc

/// The two threads of a link.
extension TunnelLink {
    /// From QEMU to the peer, until QEMU says that nothing more comes.
    func send(_ outbox: Outbox) throws {
        guard let local = awaitLocal() else { return }
        if context.role == .sender { try outbox.writer.withLock { try $0.sendOpen() } }
        while true {
            guard try localWait(local) else { continue }
            let room = isLimited ? context.flow.room : TunnelFrame.maxPayload
            let size = try outbox.writer.withLock { writer throws(TransferError) in
                do throws(NetworkError) {
                    return try writer.take(from: local, room: room)
                } catch {
                    throw broken(error)
                }
            }
            guard let size else { continue }
            guard size > 0 else { break }
            let waited = isLimited ? try context.flow.pass(size, context.ending) : 0
            try outbox.writer.withLock { writer in
                try checkEnding()
                try writer.sendReady(waited: waited)
            }
        }
        try outbox.writer.withLock { writer in
            // A connection that we have shut down looks like one that QEMU has ended.
            try checkEnding()
            state.update { $0.hasSentEnd = true }
            try writer.sendEnd()
        }
        let (isOver, wire) = state.update { ($0.hasReceivedEnd, $0.wire) }
        // Nothing more comes or goes: this wakes the other thread.
        if isOver { wire?.shutDown() }
    }

    /// From the peer to QEMU, until the peer says that nothing more comes.
    func receive(_ reader: TunnelReader) throws {
        var local: Socket?
        var discards = false
        while true {
            switch try reader.next(context.ending) {
            case .open: local = try connect()
            case .data(let bytes):
                local = local ?? state.update { $0.local }
                guard let local else { throw FrameError.unexpectedKind(.data) }
                if !discards { discards = try !deliver(bytes, to: local) }
            case .end:
                local = local ?? state.update { $0.local }
                guard let local else { throw FrameError.unexpectedKind(.end) }
                local.shutDownWriting()
                state.update { $0.hasReceivedEnd = true }
                return try watch(reader)
            }
        }
    }

    private var isLimited: Bool { context.role == .sender }

    private func checkEnding() throws(TransferError) {
        if context.ending.isSet { throw .cancelled() }
    }

    /// QEMU's connection when there is one; nil when the link ends before.
    private func awaitLocal() -> Socket? {
        state.wait { state -> Socket?? in
            if state.isAbandoned { return .some(nil) }
            return state.local.map { .some($0) }
        } ?? nil
    }

    private func localWait(_ local: Socket) throws(TransferError) -> Bool {
        do throws(NetworkError) { return try local.wait(POLLIN, milliseconds: 1000) } catch { throw broken(error) }
    }

    /// Connects to the door's socket, which QEMU listens on.
    private func connect() throws -> Socket {
        let deadline = monotonicNanoseconds() + 10_000_000_000
        while true {
            try checkEnding()
            do throws(NetworkError) {
                let local = try Dialer.connect(to: .unix(path: door.path))
                guard open(local) else { throw NetworkError(.closed, "connect to \(door.path)") }
                return local
            } catch {
                // QEMU has a short queue of connections that it hasn't accepted.
                guard error.kind == .system(EAGAIN), monotonicNanoseconds() < deadline else { throw error }
                sleepNanoseconds(20_000_000)
            }
        }
    }

    /// False when QEMU at the source wants no more: what has ended there is no failure, for it has nothing to lose.
    /// At the target it is one.
    private func deliver(_ bytes: UnsafeRawBufferPointer, to local: Socket) throws(TransferError) -> Bool {
        guard let p = bytes.baseAddress else { return true }
        do throws(NetworkError) {
            var done = 0
            while done < bytes.count {
                if let n = try local.send(p + done, bytes.count - done) {
                    done += n
                } else {
                    _ = try local.wait(POLLOUT, milliseconds: 1000)
                }
            }
            return true
        } catch {
            let isGone = error.kind == .system(EPIPE) || error.kind == .system(ECONNRESET)
            guard isGone, context.role == .sender else { throw broken(error) }
            return false
        }
    }

    /// After the peer's last frame: until this end has sent its own, the peer may still give up or vanish.
    private func watch(_ reader: TunnelReader) throws {
        while !state.update({ $0.hasSentEnd }) {
            guard try reader.socket.wait(POLLIN, milliseconds: 500) else { continue }
            if state.update({ $0.hasSentEnd }) { return }
            _ = try reader.next(context.ending)
            throw FrameError.unexpectedKind(.data)
        }
    }

    private func broken(_ error: NetworkError) -> TransferError {
        TransferError(.network, "the connection with QEMU broke: \(error)", underlying: error)
    }
}
