import Model
import Synchronization

/// What goes wrong on a fake host, and when. Every call of the driver has a name: that of the agent's request, or of
/// the driver's own function.
package final class FaultPlan: Sendable {
    /// When a fault strikes.
    package enum Moment: Sendable, CaseIterable {
        /// Nothing has happened yet.
        case before
        /// It has happened, but the answer is lost.
        case after
    }

    /// Which call is meant.
    package enum Match: Sendable, Equatable {
        /// The nth call of any name, from 1.
        case number(Int)
        /// The next call of a name.
        case name(String)
    }

    package typealias Action = @Sendable () async throws(KVMCloneError) -> Void

    private struct Fault {
        var match: Match
        var moment: Moment
        var action: Action
    }

    private struct State {
        var calls: [String] = []
        var faults: [Fault] = []
        var isDead = false
    }

    private let state = Mutex(State())

    package init() {}

    /// The error that a failed call ends with.
    package static let error = KVMCloneError(.connection, "a fault on purpose")

    /// Names of all calls so far.
    package var calls: [String] { state.withLock { $0.calls } }

    /// One call fails.
    package func fail(_ match: Match, _ moment: Moment) {
        act(match, moment) { () throws(KVMCloneError) in throw FaultPlan.error }
    }

    /// Something else happens at one call.
    package func act(_ match: Match, _ moment: Moment, _ action: @escaping Action) {
        state.withLock { $0.faults.append(Fault(match: match, moment: moment, action: action)) }
    }

    /// Nothing goes wrong any more.
    package func clear() {
        state.withLock { ($0.faults, $0.isDead) = ([], false) }
    }

    /// From now on no call gets through, as if who makes them had died.
    package func die() {
        state.withLock { $0.isDead = true }
    }

    /// Makes a call, with the faults that are meant for it. Each strikes once.
    func perform<Value>(
        _ name: String, _ call: () async throws(KVMCloneError) -> Value
    ) async throws(KVMCloneError) -> Value {
        let faults = try state.withLock { state throws(KVMCloneError) in
            if state.isDead { throw Self.error }
            state.calls.append(name)
            let number = state.calls.count
            let mine = state.faults.filter { $0.match == .name(name) || $0.match == .number(number) }
            state.faults.removeAll { $0.match == .name(name) || $0.match == .number(number) }
            return mine
        }
        for fault in faults where fault.moment == .before { try await fault.action() }
        let value = try await call()
        for fault in faults where fault.moment == .after { try await fault.action() }
        return value
    }
}
