import Logging
import Model

/// What an operation that runs does with the journal meanwhile, for whoever looks from another process.
struct JournalWatch: Sendable {
    let id: OperationID
    let journal: any Journal
    let stop: StopSignal
    let logger: Logger

    /// Gives the stop signal when another process has asked for the operation's end.
    func checkForCancel() async {
        do throws(KVMCloneError) {
            guard let ending = try await journal.requestedStop(of: id) else { return }
            stop.stop(.cancelled("cancelled on request", ending), ending)
        } catch {
            logger.warning("journal not readable", metadata: ["error": "\(error)"])
        }
    }

    /// Writes down where it stands.
    func writeDown(_ snapshot: ProgressSnapshot) async {
        do throws(KVMCloneError) {
            guard var status = try await journal.operation(id) else { return }
            status.progress = snapshot
            try await journal.update(status)
        } catch {
            logger.warning("progress not written down", metadata: ["error": "\(error)"])
        }
    }
}
