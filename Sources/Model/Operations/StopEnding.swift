/// What becomes of an operation that is stopped.
public enum StopEnding: String, Sendable, Codable, CaseIterable {
    /// What isn't complete is removed.
    case undo
    /// What was copied stays, so that the operation can be gone on with.
    case keep
}
