import Synchronization

/// A first-in, first-out queue between tasks that makes producers wait while it is full.
///
/// Any number of producers and consumers may use it. Each element is received once. The bound is a sum of costs, for
/// instance of bytes, so memory stays bounded whatever the elements' sizes are.
public final class BoundedQueue<Element: Sendable>: Sendable {
    private typealias State = BoundedQueueState<Element>

    private let cost: @Sendable (Element) -> Int
    private let state: Mutex<State>

    /// A queue that holds elements up to a sum of costs.
    ///
    /// - Parameters:
    ///   - capacity: At least 1. An element that costs more than that passes while the queue is empty.
    ///   - cost: What an element takes of the capacity, 1 if not given; at least 0.
    public init(capacity: Int, cost: @escaping @Sendable (Element) -> Int = { _ in 1 }) {
        precondition(capacity > 0, "a queue needs room for an element")
        self.cost = cost
        state = Mutex(State(capacity: capacity))
    }

    /// Appends an element; suspends while the queue is full.
    ///
    /// - Throws: `QueueFinished` after `finish()`, the given error after `fail(_:)`, `CancellationError` when the
    ///   task is cancelled. The element is then not in the queue.
    public func send(_ element: Element) async throws {
        let cost = cost(element)
        let ticket = state.withLock { $0.makeTicket() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let wakeUps = state.withLock { state in
                    state.send(
                        element, cost: cost, ticket: ticket, isCancelled: Task.isCancelled, continuation: continuation)
                }
                wakeUps.perform()
            }
        } onCancel: {
            state.withLock { $0.cancelSender(ticket) }.perform()
        }
    }

    /// Takes the oldest element; suspends while the queue is empty.
    ///
    /// - Returns: Nil once the queue is finished and empty.
    /// - Throws: The given error after `fail(_:)`, `CancellationError` when the task is cancelled.
    public func next() async throws -> Element? {
        let ticket = state.withLock { $0.makeTicket() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Element?, any Error>) in
                let wakeUps = state.withLock { state in
                    state.receive(ticket: ticket, isCancelled: Task.isCancelled, continuation: continuation)
                }
                wakeUps.perform()
            }
        } onCancel: {
            state.withLock { $0.cancelReceiver(ticket) }.perform()
        }
    }

    /// No element follows. What is in the queue can still be received; producers that wait for room are refused.
    public func finish() {
        state.withLock { $0.close(.finished) }.perform()
    }

    /// Ends the queue at once for both sides with an error; what it holds is dropped. Later calls change nothing.
    public func fail(_ error: any Error) {
        state.withLock { $0.close(.failed(error)) }.perform()
    }
}

extension BoundedQueue: AsyncSequence {
    /// Takes elements off the queue until it is finished.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let queue: BoundedQueue

        /// The oldest element, nil at the end.
        public mutating func next() async throws -> Element? {
            try await queue.next()
        }
    }

    /// An iterator; several share the elements between them.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(queue: self)
    }
}

/// An element was sent to a queue that had been finished.
public struct QueueFinished: Error, Equatable, CustomStringConvertible {
    /// What happened.
    public var description: String { "the queue was finished and takes nothing more" }
}
