import FoundationEssentials
import Model

/// What goes around a request on the wire. The body is decoded in a second step, when `call` has said what it is.
package struct RequestEnvelope<Body: AgentRequest>: Codable {
    package var id: UInt64
    package var call: String
    package var body: Body

    package init(id: UInt64, body: Body) {
        self.id = id
        call = Body.name
        self.body = body
    }
}

/// The part of a request that says what the rest is.
package struct RequestHead: Codable {
    package var id: UInt64
    package var call: String
}

/// What goes around an answer on the wire: exactly one of `ok` and `error`.
package struct ReplyEnvelope<Body: Codable & Sendable>: Codable {
    package var id: UInt64
    package var ok: Body?
    package var error: KVMCloneError?

    package init(id: UInt64, ok: Body) {
        self.id = id
        self.ok = ok
    }

    package init(id: UInt64, error: KVMCloneError) {
        self.id = id
        self.error = error
    }
}

/// The part of a message from an agent that says what it is: an answer has an id, an event has none.
package struct ReplyHead: Codable {
    package var id: UInt64?
    package var error: KVMCloneError?
    package var event: AgentEvent?
}

/// What goes around an event on the wire.
package struct EventEnvelope: Codable {
    package var event: AgentEvent

    package init(_ event: AgentEvent) {
        self.event = event
    }
}
