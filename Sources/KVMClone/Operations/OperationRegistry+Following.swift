import Model

extension OperationRegistry {
    /// Waits until no process works on the operation any more: it has ended, or is interrupted. Cancelling the task
    /// ends the wait, and leaves the operation alone.
    public func wait(for id: OperationID) async throws -> OperationStatus {
        while true {
            let status = try await operation(id)
            guard status.state.isActive else { return status }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Tells the events of an operation from its beginning, as the process that runs it told them, until it has ended
    /// or is interrupted. Of progress there is one event a second.
    public func follow(
        _ id: OperationID, onEvent: (OperationEvent) -> Void
    ) async throws -> OperationStatus {
        var feed = OperationFeed()
        var last = 0
        while true {
            // The state comes first, so that entries written before the end aren't missed.
            let status = try await operation(id)
            let entries = try await log(of: id, after: last)
            last = entries.last?.number ?? last
            let isBehind = !entries.isEmpty && !status.state.isActive
            var shown = status
            // More of the log may come, which has the end in its place.
            if isBehind { shown.state = .running }
            // Where it stands now doesn't belong between what happened long ago.
            if entries.count == Self.batch { shown.progress = nil }
            feed.events(shown, entries: entries).forEach(onEvent)
            guard status.state.isActive || isBehind else { return status }
            if entries.isEmpty { try await Task.sleep(for: .milliseconds(300)) }
        }
    }

    /// Tells the entries of an operation's log, all at first and then, with `untilEnd`, more as they come until no
    /// process works on it any more.
    public func followLog(
        of id: OperationID, untilEnd: Bool, onEntries: ([OperationLogEntry]) throws -> Void
    ) async throws {
        var last = 0
        while true {
            let isActive = try await operation(id).state.isActive
            let entries = try await log(of: id, after: last)
            if let newest = entries.last {
                last = newest.number
                try onEntries(entries)
                continue
            }
            guard untilEnd, isActive else { return }
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}
