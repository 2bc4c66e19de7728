/// Decides for each frame of one stream whether and how hard to compress. Pure: it is told what was measured.
///
/// The idea is that of `zstd --adapt`: compress while that takes less time than the link needs for the bytes saved.
/// A small sample is compressed before a whole frame is; after eight samples in a row that didn't pay only every
/// sixteenth frame is sampled.
struct CompressionPolicy: Sendable {
    /// What a sample of a frame showed.
    struct Sample: Sendable {
        var input: Int
        var output: Int
        var nanoseconds: UInt64
    }

    /// Bytes of a frame that are tried before all of it is.
    static let sampleSize = 16 << 10
    private static let levels: [Int32] = [-5, -3, -1, 1, 2, 3]
    private static let leastSaving = 0.08
    private static let patience = 8
    private static let probeInterval = 16
    /// Until that much has gone over the link its rate isn't known: socket buffers take the first bytes at once.
    private static let warmUp: UInt64 = 4 << 20

    private let mode: CompressionMode
    private var step = 1
    private var failures = 0
    private var skipped = 0
    private var sent: UInt64 = 0
    /// Nanoseconds that the link takes per byte, waits included; a moving average.
    private var linkCost = 0.0
    /// Nanoseconds that compressing takes per input byte at the current level; a moving average.
    private var compressCost = 0.0

    init(mode: CompressionMode) { self.mode = mode }

    /// The zstd level for the next frame.
    var level: Int32 {
        if case .zstd(let level) = mode { level } else { Self.levels[step] }
    }

    /// Whether to try a sample of the next frame. Call it once per frame.
    mutating func wantsSample() -> Bool {
        switch mode {
        case .off: return false
        case .zstd: return true
        case .auto:
            guard sent >= Self.warmUp else { return false }
            guard failures >= Self.patience else { return true }
            skipped += 1
            guard skipped >= Self.probeInterval else { return false }
            skipped = 0
            return true
        }
    }

    /// Whether to compress the whole frame that the sample came from.
    mutating func shouldCompress(after sample: Sample) -> Bool {
        guard sample.input > 0 else { return false }
        let saving = 1 - Double(sample.output) / Double(sample.input)
        guard saving >= Self.leastSaving else { return noteFailure() }
        guard mode == .auto else { return noteSuccess() }
        let cost = Double(sample.nanoseconds) / Double(sample.input)
        return cost < saving * linkCost ? noteSuccess() : noteFailure()
    }

    private mutating func noteFailure() -> Bool {
        failures += 1
        return false
    }

    private mutating func noteSuccess() -> Bool {
        failures = 0
        return true
    }

    /// Whether a compressed frame is worth sending as such.
    func keeps(compressed: Int, of input: Int) -> Bool {
        Double(compressed) <= Double(input) * (1 - Self.leastSaving)
    }

    /// Takes what compressing one frame cost and gained, and moves the level: up when the link is the slower by twice,
    /// down when the compressor is.
    mutating func compressed(input: Int, output: Int, nanoseconds: UInt64) {
        guard mode == .auto, input > 0 else { return }
        let cost = Double(nanoseconds) / Double(input)
        compressCost = compressCost == 0 ? cost : compressCost * 0.75 + cost * 0.25
        let link = linkCost * Double(output) / Double(input)
        if link > 2 * compressCost, step + 1 < Self.levels.count {
            step += 1
            compressCost = 0
        } else if link < 0.7 * compressCost, step > 0 {
            step -= 1
            compressCost = 0
        }
    }

    /// Takes how long the link took for `bytes` on the wire.
    mutating func sent(bytes: Int, nanoseconds: UInt64) {
        guard mode == .auto, bytes > 0 else { return }
        sent &+= UInt64(bytes)
        let cost = Double(nanoseconds) / Double(bytes)
        // Small frames tell little about the rate.
        let weight = 0.2 * min(1, Double(bytes) / Double(256 << 10))
        linkCost = linkCost == 0 ? cost : linkCost * (1 - weight) + cost * weight
    }
}
