import AgentProtocol
import Model

/// One sender and one receiver within a job of an operation.
package struct Flow: Hashable, Sendable {
    package var operation: OperationID
    /// The sender's job, which may be a repair.
    package var job: HexBytes
    package var parent: String
    /// Nil: all that the job sends.
    package var child: String?

    package init(operation: OperationID, job: HexBytes, parent: String, child: String?) {
        self.operation = operation
        self.job = job
        self.parent = parent
        self.child = child
    }
}

/// What an operation was told to keep to.
package struct OperationLimit: Sendable {
    package var timetable: Timetable
    /// All that the source sends in the operation's own job.
    package var whole: Flow

    package init(_ timetable: Timetable, whole: Flow) {
        self.timetable = timetable
        self.whole = whole
    }
}
