import Model

/// A journal that lasts as long as its process: for the library's users who want no store, and for tests.
package actor MemoryJournal: Journal {
    private struct Entry {
        var status: OperationStatus
        var request: CloneRequest?
        var owner: ProcessIdentity
        var steps: [StepRecord] = []
        var nextNumber = 1
        var stop: StopEnding?
        var settled: Set<String> = []
        var run = 1
    }

    private var entries: [OperationID: Entry] = [:]
    private var order: [OperationID] = []
    private var rates: [[String]: ObservedRate] = [:]

    package init() {}

    package func begin(_ status: OperationStatus, request: CloneRequest?, owner: ProcessIdentity) {
        entries[status.id] = Entry(status: status, request: request, owner: owner)
        order.append(status.id)
    }

    package func update(_ status: OperationStatus) {
        entries[status.id]?.status = status
    }

    package func willDo(_ step: Step, operation: OperationID) -> Int {
        guard var entry = entries[operation] else { return 0 }
        let number = entry.nextNumber
        entry.nextNumber += 1
        entry.steps.append(StepRecord(number: number, step: step))
        entries[operation] = entry
        return number
    }

    package func forget(_ records: [Int], operation: OperationID) {
        entries[operation]?.steps.removeAll { records.contains($0.number) }
    }

    package func settle(_ records: [Int], host: String, leaving step: Step, operation: OperationID) -> Int {
        forget(records, operation: operation)
        entries[operation]?.settled.insert(host)
        return willDo(step, operation: operation)
    }

    package func settledTargets(of operation: OperationID) -> Set<String> {
        entries[operation]?.settled ?? []
    }

    package func takeOver(
        _ id: OperationID, request: CloneRequest, owner: ProcessIdentity
    ) throws(KVMCloneError) -> Int {
        guard var entry = entries[id] else { throw .noOperation(id) }
        try entry.status.checkForTakeOver(owner: entry.owner)
        entry.status.state = .running
        entry.status.result = nil
        entry.request = request
        entry.owner = owner
        entry.stop = nil
        entry.run += 1
        entries[id] = entry
        return entry.run
    }

    package func openSteps(of operation: OperationID) -> [StepRecord] {
        entries[operation]?.steps ?? []
    }

    package func operation(_ id: OperationID) -> OperationStatus? {
        entries[id]?.status
    }

    package func operations(includingEnded: Bool) -> [OperationStatus] {
        order.reversed().compactMap { entries[$0]?.status }.filter { includingEnded || !$0.state.isFinal }
    }

    package func owner(of operation: OperationID) -> ProcessIdentity? {
        entries[operation]?.owner
    }

    package func request(of operation: OperationID) -> CloneRequest? {
        entries[operation]?.request
    }

    package func requestStop(_ id: OperationID, _ ending: StopEnding) {
        entries[id]?.stop = ending
    }

    package func requestedStop(of id: OperationID) -> StopEnding? {
        entries[id]?.stop
    }

    package func remember(_ rate: ObservedRate) {
        let pair = [rate.source, rate.target]
        rates[pair] = rate.following(rates[pair])
    }

    package func observedRates(at time: Int) -> [ObservedRate] {
        rates.values.filter { $0.counts(at: time) }.sorted { ($0.source, $0.target) < ($1.source, $1.target) }
    }
}
