import Glibc

/// Zeros written as data, for what can't be zeroed otherwise.
enum ZeroBlock {
    private static let length = 1 << 20

    static func write(_ descriptor: Int32, _ range: Range<UInt64>, path: String) throws {
        try withUnsafeTemporaryAllocation(byteCount: min(length, range.count), alignment: 4096) { zeros in
            zeros.initializeMemory(as: UInt8.self, repeating: 0)
            var offset = range.lowerBound
            while offset < range.upperBound {
                let count = Int(min(UInt64(zeros.count), range.upperBound - offset))
                let part = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(zeros)[..<count])
                try DescriptorIO.writeAll(descriptor, part, at: offset, path: path)
                offset += UInt64(count)
            }
        }
    }
}
