import Coordinator
import GRDB
import Model

extension OperationStore {
    package func takeOver(
        _ id: OperationID, request: CloneRequest, owner: ProcessIdentity
    ) async throws(KVMCloneError) -> Int {
        let (newRequest, newOwner) = (try encoded(request), try encoded(owner))
        // In one transaction, so that of two who want it one comes second.
        let taken = try await write { database -> Result<Int, KVMCloneError> in
            guard var row = try OperationRow.fetchOne(database, key: id.description) else {
                return .failure(.noOperation(id))
            }
            do throws(KVMCloneError) {
                var status: OperationStatus = try decoded(row.status)
                try status.checkForTakeOver(owner: decoded(row.owner))
                status.state = .running
                status.result = nil
                row.status = try encoded(status)
            } catch {
                return .failure(error)
            }
            row.isEnded = false
            row.request = newRequest
            row.owner = newOwner
            row.stop = nil
            row.run += 1
            try row.update(database)
            return .success(row.run)
        }
        return try taken.get()
    }
}
