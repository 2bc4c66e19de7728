/// The bookkeeping of a `BoundedQueue`. Each step returns the continuations to resume once the lock is released.
struct BoundedQueueState<Element: Sendable> {
    enum Outcome {
        case open
        case finished
        case failed(any Error)
    }

    typealias SendContinuation = CheckedContinuation<Void, any Error>
    typealias ReceiveContinuation = CheckedContinuation<Element?, any Error>

    private struct Sender {
        let ticket: UInt64
        let element: Element
        let cost: Int
        let continuation: SendContinuation
    }

    private struct Receiver {
        let ticket: UInt64
        let continuation: ReceiveContinuation
    }

    private let capacity: Int
    private var used = 0
    private var lastTicket: UInt64 = 0
    private var elements = FIFO<(element: Element, cost: Int)>()
    private var senders = FIFO<Sender>()
    private var receivers = FIFO<Receiver>()
    private var outcome = Outcome.open

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func makeTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    mutating func send(
        _ element: Element, cost: Int, ticket: UInt64, isCancelled: Bool, continuation: SendContinuation
    ) -> WakeUps<Element> {
        switch outcome {
        case .finished: return WakeUps(sender: continuation, .failure(QueueFinished()))
        case .failed(let error): return WakeUps(sender: continuation, .failure(error))
        case .open: break
        }
        if isCancelled { return WakeUps(sender: continuation, .failure(CancellationError())) }
        if let receiver = receivers.popFirst() {
            var wakeUps = WakeUps<Element>(sender: continuation, .success(()))
            wakeUps.add(receiver.continuation, .success(element))
            return wakeUps
        }
        if senders.isEmpty, fits(cost) {
            elements.append((element, cost))
            used += cost
            return WakeUps(sender: continuation, .success(()))
        }
        senders.append(Sender(ticket: ticket, element: element, cost: cost, continuation: continuation))
        return WakeUps()
    }

    mutating func receive(
        ticket: UInt64, isCancelled: Bool, continuation: ReceiveContinuation
    ) -> WakeUps<Element> {
        if case .failed(let error) = outcome { return WakeUps(receiver: continuation, .failure(error)) }
        if isCancelled { return WakeUps(receiver: continuation, .failure(CancellationError())) }
        if let (element, cost) = elements.popFirst() {
            used -= cost
            var wakeUps = WakeUps<Element>(receiver: continuation, .success(element))
            admitSenders(&wakeUps)
            return wakeUps
        }
        if case .finished = outcome { return WakeUps(receiver: continuation, .success(nil)) }
        receivers.append(Receiver(ticket: ticket, continuation: continuation))
        return WakeUps()
    }

    mutating func cancelSender(_ ticket: UInt64) -> WakeUps<Element> {
        guard let sender = senders.removeFirst(where: { $0.ticket == ticket }) else { return WakeUps() }
        var wakeUps = WakeUps<Element>(sender: sender.continuation, .failure(CancellationError()))
        // A large element at the head may have held back smaller ones.
        admitSenders(&wakeUps)
        return wakeUps
    }

    mutating func cancelReceiver(_ ticket: UInt64) -> WakeUps<Element> {
        guard let receiver = receivers.removeFirst(where: { $0.ticket == ticket }) else { return WakeUps() }
        return WakeUps(receiver: receiver.continuation, .failure(CancellationError()))
    }

    mutating func close(_ end: Outcome) -> WakeUps<Element> {
        switch (outcome, end) {
        case (.failed, _), (.finished, .finished), (_, .open): return WakeUps()
        case (.open, _), (.finished, .failed): outcome = end
        }
        var wakeUps = WakeUps<Element>()
        let refusal: any Error
        switch end {
        case .failed(let error):
            refusal = error
            elements.removeAll()
            used = 0
        case .finished, .open: refusal = QueueFinished()
        }
        while let sender = senders.popFirst() { wakeUps.add(sender.continuation, .failure(refusal)) }
        while let receiver = receivers.popFirst() {
            if case .failed(let error) = end {
                wakeUps.add(receiver.continuation, .failure(error))
            } else {
                wakeUps.add(receiver.continuation, .success(nil))
            }
        }
        return wakeUps
    }

    private func fits(_ cost: Int) -> Bool {
        elements.isEmpty || cost <= capacity - used
    }

    private mutating func admitSenders(_ wakeUps: inout WakeUps<Element>) {
        while let first = senders.first, fits(first.cost) {
            _ = senders.popFirst()
            elements.append((first.element, first.cost))
            used += first.cost
            wakeUps.add(first.continuation, .success(()))
        }
    }
}

/// Continuations to resume outside of the lock.
struct WakeUps<Element: Sendable> {
    private var senders: [(CheckedContinuation<Void, any Error>, Result<Void, any Error>)] = []
    private var receivers: [(CheckedContinuation<Element?, any Error>, Result<Element?, any Error>)] = []

    init() {}

    init(sender: CheckedContinuation<Void, any Error>, _ result: Result<Void, any Error>) {
        add(sender, result)
    }

    init(receiver: CheckedContinuation<Element?, any Error>, _ result: Result<Element?, any Error>) {
        add(receiver, result)
    }

    mutating func add(_ sender: CheckedContinuation<Void, any Error>, _ result: Result<Void, any Error>) {
        senders.append((sender, result))
    }

    mutating func add(_ receiver: CheckedContinuation<Element?, any Error>, _ result: Result<Element?, any Error>) {
        receivers.append((receiver, result))
    }

    func perform() {
        for (continuation, result) in senders { continuation.resume(with: result) }
        for (continuation, result) in receivers { continuation.resume(with: result) }
    }
}
