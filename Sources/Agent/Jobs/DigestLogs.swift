import DataPlane
import FoundationEssentials
import Glibc
import Model

/// The logs of a sending job's unit digests, in the agent's state folder.
struct DigestLogs: Sendable {
    /// Those that nobody has come back for.
    private static let mostDays = 30.0

    let folder: String
    /// Checked: it is part of a file's name.
    let operation: String

    /// A log for each disk; nil for one that can't be had, or whose state nobody can tell. Nothing depends on them.
    func open(_ disks: [(index: UInt16, opened: SourceOpening.Opened)]) -> [UnitDigestLog?] {
        guard (try? ClaimFolder.make(folder)) != nil else { return [] }
        removeOld()
        return disks.map { index, opened in
            opened.generation.flatMap { generation in
                try? UnitDigestLog(path: path(UInt32(index)), generation: generation, size: opened.source.size)
            }
        }
    }

    func remove(_ indexes: [UInt32]) {
        for index in indexes { unlink(path(index)) }
    }

    private func path(_ index: UInt32) -> String { "\(folder)/\(operation)-\(index)" }

    private func removeOld() {
        let oldest = time(nil) - Int(Self.mostDays * 86_400)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            var info = stat()
            guard lstat("\(folder)/\(name)", &info) == 0, info.st_mtim.tv_sec < oldest else { continue }
            unlink("\(folder)/\(name)")
        }
    }
}
