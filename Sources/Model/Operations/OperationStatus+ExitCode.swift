extension OperationStatus {
    /// What a command ends with that has waited for the operation; nil while it runs. An interrupted one is worth
    /// another try.
    public var exitCode: ExitCode? {
        switch state {
        case .pending, .running: nil
        case .completed: .ok
        case .cancelled: .interrupted
        case .interrupted: .tryAgain
        case .failed: result?.exitCode ?? .other
        }
    }
}

extension [OperationStatus] {
    /// The code for all of them together, by the rule of a result with several targets: `partFailed` where some
    /// failed, the first one's code where all did. Those that still run don't count.
    public var exitCode: ExitCode {
        let codes = compactMap(\.exitCode)
        let failures = codes.filter { $0 != .ok }
        guard let first = failures.first else { return .ok }
        return failures.count < codes.count ? .partFailed : first
    }
}
