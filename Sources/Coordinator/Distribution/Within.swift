import Model

/// Does `work`, which ends soon when it is cancelled, for at most so long. After that it is given up, and the error says
/// that the host has not answered.
func within<Value: Sendable>(
    _ limit: Duration, on host: String, _ work: @escaping @Sendable () async throws(KVMCloneError) -> Value
) async throws(KVMCloneError) -> Value {
    let result = await withTaskGroup(of: Result<Value, KVMCloneError>?.self) { group in
        group.addTask {
            do throws(KVMCloneError) { return .success(try await work()) } catch { return .failure(error) }
        }
        group.addTask {
            // Cancelled when the work has ended; then nobody looks at it.
            try? await Task.sleep(for: limit)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
    guard let result else { throw .silent(host, for: limit) }
    return try result.get()
}

extension KVMCloneError {
    /// A host has not answered for a while, and its connection has not ended either.
    static func silent(_ host: String, for time: Duration) -> KVMCloneError {
        KVMCloneError(
            .connection, "the host has not answered for \(time.components.seconds) s", host: host,
            whatToDo: "look whether it still runs: `kvm-clone doctor \(host)`")
    }
}
