import CZstd

/// Compresses single frames; the context is used again. One thread at a time.
final class ZstdCompressor {
    private let context: OpaquePointer

    init() throws(TransferError) {
        guard let context = ZSTD_createCCtx() else {
            throw TransferError(.resources, "no memory for a zstd compressor")
        }
        self.context = context
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Compresses into `output`; nil when the result doesn't fit there.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, level: Int32) -> Int? {
        let n = ZSTD_compressCCtx(
            context, output.baseAddress, output.count, input.baseAddress, input.count, level)
        return ZSTD_isError(n) == 0 ? n : nil
    }
}

/// Decompresses single frames; the context is used again. One thread at a time.
final class ZstdDecompressor {
    private let context: OpaquePointer

    init() throws(TransferError) {
        guard let context = ZSTD_createDCtx() else {
            throw TransferError(.resources, "no memory for a zstd decompressor")
        }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Decompresses `input`, which must give exactly `output.count` bytes: never more is written, whatever it claims.
    func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(FrameError) {
        let n = ZSTD_decompressDCtx(context, output.baseAddress, output.count, input.baseAddress, input.count)
        guard ZSTD_isError(n) == 0, n == output.count else { throw .badCompression }
    }
}
