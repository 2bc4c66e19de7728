import Model

/// A journal that lasts as long as its process: for the library's users who want no store, and for tests.
package actor MemoryJournal: Journal {
    private struct Entry {
        var status: OperationStatus
        var request: CloneRequest?
        var owner: ProcessIdentity
        var steps: [StepRecord] = []
        var nextNumber = 1
        var isCancelRequested = false
    }

    private var entries: [OperationID: Entry] = [:]
    private var order: [OperationID] = []

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

    package func requestCancel(_ id: OperationID) {
        entries[id]?.isCancelRequested = true
    }

    package func isCancelRequested(_ id: OperationID) -> Bool {
        entries[id]?.isCancelRequested ?? false
    }
}
