/// A connection to a target that waits to be taken into a stream.
struct LinkOffer: Sendable {
    let target: SendTarget
    let link: LinkNumber
    let socket: Socket
}

/// Where connections are left for the thread that owns a stream, before and while it sends.
final class LinkInbox: Sendable {
    private struct State {
        var offers: [LinkOffer] = []
        var isClosed = false
    }

    private let state = Gate(State())

    /// False when the stream has ended.
    func offer(_ offer: LinkOffer) -> Bool {
        state.update { state in
            guard !state.isClosed else { return false }
            state.offers.append(offer)
            return true
        }
    }

    func take() -> [LinkOffer] {
        state.update { state in
            defer { state.offers = [] }
            return state.offers
        }
    }

    /// Waits for an offer; empty when none has come until `deadline` (monotonic nanoseconds).
    func wait(until deadline: UInt64) -> [LinkOffer] {
        state.wait(until: deadline) { state -> [LinkOffer]? in
            guard !state.offers.isEmpty else { return nil }
            defer { state.offers = [] }
            return state.offers
        } ?? []
    }

    /// Takes no more offers from now on; those that nobody has taken are closed.
    func close() {
        let left = state.update { state in
            state.isClosed = true
            defer { state.offers = [] }
            return state.offers
        }
        for offer in left { offer.target.shutDown() }
    }

    /// Takes no more offers from now on, unless some wait to be taken: then it stays open and returns false.
    func closeIfEmpty() -> Bool {
        state.update { state in
            if state.offers.isEmpty { state.isClosed = true }
            return state.isClosed
        }
    }
}
