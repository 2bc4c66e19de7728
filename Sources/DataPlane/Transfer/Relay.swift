/// The children of one stream at a receiver that passes it on.
///
/// The thread of the connection that brings the stream holds it; when that connection is lost, the next one's does.
final class Relay: @unchecked Sendable {
    // @unchecked: the fan-out is used only by the thread that holds the relay.

    let inbox = LinkInbox()
    private let fanOut: FanOut
    private let isHeld = Gate(false)

    init(stream: UInt16, maker: LinkMaker, options: FanOutOptions, isCancelled: @escaping @Sendable () -> Bool) {
        fanOut = FanOut(
            stream: stream, inbox: inbox, options: options, whenEmpty: .goOn, isCancelled: isCancelled,
            makeLink: maker.link)
    }

    /// Gives `body` the fan-out once nobody else has it. Blocks.
    func hold<R>(_ body: (FanOut) throws -> R) rethrows -> R {
        _ = isHeld.wait { isHeld -> Bool? in
            if isHeld { return nil }
            isHeld = true
            return true
        }
        defer { isHeld.update { $0 = false } }
        return try body(fanOut)
    }
}
