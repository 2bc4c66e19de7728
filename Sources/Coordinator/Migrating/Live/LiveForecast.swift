import Logging
import Model

/// Says before a VM moves that it won't come to an end, from what the guest writes to its memory now.
struct LiveForecast: Sendable {
    let run: LiveRun
    /// What the way is taken to carry, in bytes per second; nil when nobody knows.
    let rate: UInt64?

    /// What limits the way, else what was seen of it.
    static func rate(from source: String, to target: String, limit: UInt64?, observed: [ObservedRate]) -> UInt64? {
        let seen = observed.first { $0.source == source && $0.target == target }?.rate
        return [limit, seen.map { UInt64(max(0, $0)) }].compactMap { $0 }.min()
    }

    /// What is to be said of it; nil for nothing.
    static func verdict(dirty: UInt64, rate: UInt64) -> String? {
        guard Double(dirty) > 0.8 * Double(rate) else { return nil }
        return "the guest writes \(ByteCount.format(dirty))/s to its memory now, and the way there carries about "
            + "\(ByteCount.format(rate))/s: it may not converge; see --auto-converge, --post-copy and --pause-after"
    }

    /// Measures for a second, and tells. An answer that can't be had is no obstacle.
    func tell() async {
        guard let rate else { return }
        do throws(KVMCloneError) {
            guard let dirty = try await run.source.dirtyRate(ofDomain: run.uuid),
                let verdict = Self.verdict(dirty: dirty, rate: rate)
            else { return }
            run.emit(.warning(host: run.source.name, message: verdict))
        } catch {
            run.coordinator.logger.debug("dirty rate not measured", metadata: ["error": "\(error)"])
        }
    }
}
