import AgentProtocol
import Logging
import Model

/// Looks at the space that is left where QEMU keeps what a guest writes while its disks are copied, and stops the copy
/// before that is used up: the guest's own disks lie there as well.
struct ScratchWatch: Sendable {
    private static let pause = Duration.seconds(2)

    let operation: CopyOperation

    func run() async {
        let plan = operation.plan
        let folders = Set(
            plan.isSeed
                ? plan.files.map { ImageReference(path: $0.sourcePath, format: $0.format).folder }
                : plan.liveDisks.compactMap(\.scratchFolder)
        ).sorted()
        guard !folders.isEmpty else { return }
        var reserve = SpaceReserve()
        while !Task.isCancelled {
            do throws(KVMCloneError) {
                let found = try await operation.source.call(MeasureFolders(paths: folders))
                for (folder, answer) in zip(folders, found) {
                    if reserve.isTouched(in: folder, free: answer.free) { stop(folder, free: answer.free) }
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
                "what the guest writes during the copy has filled \(folder): \(ByteCount.format(free)) are left",
                host: operation.source.name, whatToDo: "free some space there, or copy when the guest writes less"),
            .undo)
    }
}

/// How much of each folder's space is to stay free.
struct SpaceReserve: Sendable {
    /// So much, or a quarter of what was free in the beginning.
    static let most: UInt64 = 512 << 20

    private var reserves: [String: UInt64] = [:]

    /// Notes what is free now; true when that is less than what is to stay. The first look sets it.
    mutating func isTouched(in folder: String, free: UInt64) -> Bool {
        let reserve = reserves[folder] ?? min(Self.most, free / 4)
        reserves[folder] = reserve
        return free < reserve
    }
}
