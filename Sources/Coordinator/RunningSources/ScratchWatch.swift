import AgentProtocol
import Logging
import Model

/// Looks at the space that is left where QEMU keeps what a guest overwrites while its disks are copied, and stops the copy
/// before that is used up: the guest's own disks lie there as well.
struct ScratchWatch: Sendable {
    private static let pause = Duration.seconds(2)
    /// What stays free: so much, or a quarter of what was free in the beginning.
    private static let reserve: UInt64 = 512 << 20

    let operation: CopyOperation

    func run() async {
        let folders = Set(operation.plan.liveDisks.compactMap(\.scratchFolder)).sorted()
        guard !folders.isEmpty else { return }
        var reserves: [String: UInt64] = [:]
        while !Task.isCancelled {
            do throws(KVMCloneError) {
                let found = try await operation.source.call(MeasureFolders(paths: folders))
                for (folder, answer) in zip(folders, found) {
                    let free = answer.free
                    let reserve = reserves[folder] ?? min(Self.reserve, free / 4)
                    reserves[folder] = reserve
                    if free < reserve { stop(folder, free: free) }
                }
            } catch {
                // A host that can't be asked ends the copy by itself.
                operation.logger.info("space not measured", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: Self.pause) } catch { return }
        }
    }

    private func stop(_ folder: String, free: UInt64) {
        operation.stop.stop(
            KVMCloneError(
                .diskSpace,
                "what the guest overwrites during the copy has filled \(folder): \(ByteCount.format(free)) are left",
                host: operation.source.name, whatToDo: "free some space there, or copy when the guest writes less"),
            .undo)
    }
}
