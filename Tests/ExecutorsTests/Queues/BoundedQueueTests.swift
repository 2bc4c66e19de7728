import Testing

@testable import Executors

@Suite struct BoundedQueueTests {
    struct Broken: Error, Equatable {}

    @Test func elementsComeOutInOrderAndEndWithFinish() async throws {
        let queue = BoundedQueue<Int>(capacity: 3)
        async let received = queue.reduce(into: []) { $0.append($1) }
        for number in 0..<1000 { try await queue.send(number) }
        queue.finish()
        #expect(try await received == Array(0..<1000))
    }

    @Test func aProducerWaitsWhileTheQueueIsFull() async throws {
        let queue = BoundedQueue<Int>(capacity: 2)
        let sent = Counter()
        let producer = Task {
            for number in 0..<10 {
                try await queue.send(number)
                sent.add(1)
            }
        }
        for taken in 0..<8 {
            while sent.value < taken + 2 { await Task.yield() }
            for _ in 0..<20 { await Task.yield() }
            #expect(sent.value == taken + 2)
            #expect(try await queue.next() == taken)
        }
        try await producer.value
    }

    @Test(arguments: [
        (capacity: 10, costs: [4, 4, 4], accepted: 2),
        (capacity: 10, costs: [25, 1], accepted: 1),
        (capacity: 10, costs: [5, 5, 1], accepted: 2),
        (capacity: 1, costs: [0, 0, 0, 1, 1], accepted: 4),
    ])
    func theBoundIsASumOfCosts(capacity: Int, costs: [Int], accepted: Int) async throws {
        let queue = BoundedQueue<Int>(capacity: capacity) { $0 }
        for cost in costs.prefix(accepted) { try await queue.send(cost) }
        let next = costs[accepted...].first
        let late = Task {
            if let next { try await queue.send(next) }
        }
        for _ in 0..<20 { await Task.yield() }
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        queue.finish()
        #expect(try await queue.reduce(into: []) { $0.append($1) } == Array(costs.prefix(accepted)))
    }

    @Test func afterFinishWhatIsInsideIsReceivedAndNothingIsTaken() async throws {
        let queue = BoundedQueue<Int>(capacity: 4)
        try await queue.send(1)
        queue.finish()
        await #expect(throws: QueueFinished.self) { try await queue.send(2) }
        #expect(try await queue.next() == 1)
        #expect(try await queue.next() == nil)
        #expect(try await queue.next() == nil)
    }

    @Test func afterFailBothSidesThrowAndTheContentIsDropped() async throws {
        let queue = BoundedQueue<Int>(capacity: 4)
        try await queue.send(1)
        queue.fail(Broken())
        queue.finish()
        await #expect(throws: Broken.self) { try await queue.next() }
        await #expect(throws: Broken.self) { try await queue.send(2) }
    }

    @Test func aFailureAfterFinishStillReachesTheConsumer() async throws {
        let queue = BoundedQueue<Int>(capacity: 4)
        try await queue.send(1)
        queue.finish()
        queue.fail(Broken())
        await #expect(throws: Broken.self) { try await queue.next() }
    }

    @Test func failWakesAWaitingProducerAndAWaitingConsumer() async throws {
        let full = BoundedQueue<Int>(capacity: 1)
        try await full.send(1)
        let producer = Task { try await full.send(2) }
        let empty = BoundedQueue<Int>(capacity: 1)
        let consumer = Task { try await empty.next() }
        for _ in 0..<20 { await Task.yield() }
        full.fail(Broken())
        empty.fail(Broken())
        await #expect(throws: Broken.self) { try await producer.value }
        await #expect(throws: Broken.self) { try await consumer.value }
    }

    @Test func aCancelledConsumerLeavesTheElementToTheNext() async throws {
        let queue = BoundedQueue<Int>(capacity: 1)
        let cancelled = Task { try await queue.next() }
        for _ in 0..<20 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        try await queue.send(5)
        #expect(try await queue.next() == 5)
    }

    @Test func aCancelledLargeElementLetsSmallOnesPass() async throws {
        let queue = BoundedQueue<Int>(capacity: 10) { $0 }
        try await queue.send(8)
        let large = Task { try await queue.send(9) }
        for _ in 0..<20 { await Task.yield() }
        let small = Task { try await queue.send(2) }
        for _ in 0..<20 { await Task.yield() }
        large.cancel()
        try await small.value
        queue.finish()
        #expect(try await queue.reduce(into: []) { $0.append($1) } == [8, 2])
    }

    @Test func manyProducersAndConsumersLoseAndDoubleNothing() async throws {
        let queue = BoundedQueue<Int>(capacity: 7)
        let received = Recorder<Int>()
        try await withThrowingTaskGroup(of: Void.self) { consumers in
            for _ in 0..<4 {
                consumers.addTask { for try await number in queue { received.append(number) } }
            }
            try await withThrowingTaskGroup(of: Void.self) { producers in
                for producer in 0..<5 {
                    producers.addTask { for number in 0..<400 { try await queue.send(producer * 400 + number) } }
                }
                try await producers.waitForAll()
            }
            queue.finish()
            try await consumers.waitForAll()
        }
        #expect(received.elements.sorted() == Array(0..<2000))
    }
}
