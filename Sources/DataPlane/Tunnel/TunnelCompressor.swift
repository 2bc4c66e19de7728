/// Compresses the frames of one link and direction into a buffer of its own, where the policy says that it pays. One
/// thread.
final class TunnelCompressor {
    /// Frames below this many bytes are requests and replies, of which nothing is gained.
    private static let least = 1024

    private let zstd: ZstdCompressor
    private var policy: CompressionPolicy
    let buffer = TunnelBuffer()

    /// Nil when nothing is ever compressed.
    init?(_ mode: CompressionMode) throws(TransferError) {
        guard mode != .off else { return nil }
        zstd = try ZstdCompressor()
        policy = CompressionPolicy(mode: mode)
    }

    /// Bytes of the compressed payload in the buffer; nil to send the frame as it is.
    func compress(_ plain: UnsafeRawPointer, _ count: Int) -> Int? {
        guard count >= Self.least, policy.wantsSample() else { return nil }
        let samples = count > 2 * CompressionPolicy.sampleSize
        if samples {
            let sample = attempt(plain + (count / 2) & ~4095, CompressionPolicy.sampleSize)
            guard policy.shouldCompress(after: sample) else { return nil }
        }
        let whole = attempt(plain, count)
        if !samples, !policy.shouldCompress(after: whole) { return nil }
        policy.compressed(input: count, output: whole.output, nanoseconds: whole.nanoseconds)
        return policy.keeps(compressed: whole.output, of: count) ? whole.output : nil
    }

    /// Takes how long the thread worked and waited to send.
    func sent(bytes: Int, nanoseconds: UInt64) { policy.sent(bytes: bytes, nanoseconds: nanoseconds) }

    private func attempt(_ plain: UnsafeRawPointer, _ count: Int) -> CompressionPolicy.Sample {
        let begun = threadNanoseconds()
        let output = UnsafeMutableRawBufferPointer(start: buffer.payload, count: count - 1)
        let size = zstd.compress(
            UnsafeRawBufferPointer(start: plain, count: count), into: output, level: policy.level)
        return CompressionPolicy.Sample(
            input: count, output: size ?? count, nanoseconds: threadNanoseconds() - begun)
    }
}
