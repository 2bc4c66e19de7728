import AgentProtocol
import Model

/// Suspends a target's job once, whoever asks for it first; the others get the same answer.
actor Suspension {
    private var work: Task<Result<UInt64, KVMCloneError>, Never>?

    /// Bytes that are kept.
    @discardableResult
    func suspend(_ job: HexBytes, on driver: any HostDriver) async -> Result<UInt64, KVMCloneError> {
        let work =
            self.work
            ?? Task {
                do throws(KVMCloneError) { return .success(try await driver.call(Suspend(job: job)).kept) } catch {
                    return .failure(error)
                }
            }
        self.work = work
        return await work.value
    }
}
