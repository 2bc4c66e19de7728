/// Compresses the frames of one stream into a buffer of its own, where the policy says that it pays. One thread.
final class FrameCompressor {
    private let zstd: ZstdCompressor
    private let buffer: PooledBuffer
    private var policy: CompressionPolicy
    /// Nanoseconds spent compressing.
    private(set) var time: UInt64 = 0

    init(mode: CompressionMode, buffer: consuming PooledBuffer) throws(TransferError) {
        zstd = try ZstdCompressor()
        self.buffer = buffer
        policy = CompressionPolicy(mode: mode)
    }

    /// The compressed payload, in a buffer with room for headers before and a tag after it; nil to send it as it is.
    func compress(
        _ plain: UnsafeRawPointer, _ count: Int
    ) -> (payload: UnsafeMutableRawPointer, count: Int)? {
        guard policy.wantsSample() else { return nil }
        let start = monotonicNanoseconds()
        defer { time += monotonicNanoseconds() - start }
        let output = UnsafeMutableRawBufferPointer(start: buffer.payload, count: count - 1)
        if count > 4 * CompressionPolicy.sampleSize {
            let middle = (count / 2) & ~4095
            let sample = UnsafeRawBufferPointer(start: plain + middle, count: CompressionPolicy.sampleSize)
            let begun = threadNanoseconds()
            let size = zstd.compress(sample, into: output, level: policy.level) ?? sample.count
            let result = CompressionPolicy.Sample(
                input: sample.count, output: size, nanoseconds: threadNanoseconds() - begun)
            guard policy.shouldCompress(after: result) else { return nil }
        }
        let begun = threadNanoseconds()
        let input = UnsafeRawBufferPointer(start: plain, count: count)
        let size = zstd.compress(input, into: output, level: policy.level) ?? count
        policy.compressed(input: count, output: size, nanoseconds: threadNanoseconds() - begun)
        return policy.keeps(compressed: size, of: count) ? (buffer.payload, size) : nil
    }

    /// Takes how long the thread worked and waited to send.
    func sent(bytes: Int, nanoseconds: UInt64) { policy.sent(bytes: bytes, nanoseconds: nanoseconds) }
}
