import AgentProtocol
import Model

extension CopyOperation {
    /// How long another run waits for an agent of the earlier one, which may still flush what it has.
    private static let patience = Duration.seconds(20)

    /// Claims a name on a host for this run. Another run of an operation waits a while for the agent of the earlier one to
    /// give it back.
    func claim(_ subject: Claim.Subject, on driver: any HostDriver) async throws(KVMCloneError) {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do throws(KVMCloneError) {
                _ = try await driver.call(Claim(subject, operation: id.description, fence: attempt.number))
                return
            } catch {
                let isOwn = attempt.continues && error.exitCode == .tryAgain && error.message.contains(id.description)
                guard isOwn, ContinuousClock.now < deadline else { throw error }
            }
            do { try await Task.sleep(for: .milliseconds(250)) } catch {
                throw KVMCloneError(.cancelled, "stopped while it waited for a claim", host: driver.name)
            }
        }
    }
}
