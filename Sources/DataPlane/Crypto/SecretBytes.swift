import CCrypto
import Glibc

/// Secret bytes that are wiped when the last reference goes, and never printed.
final class SecretBytes: @unchecked Sendable {
    // @unchecked: the memory is written in init only.

    let count: Int
    private let bytes: UnsafeMutablePointer<UInt8>

    /// Bytes that `fill` writes; what it throws passes through, and nothing is kept then.
    init<E: Error>(count: Int, fill: (UnsafeMutablePointer<UInt8>) throws(E) -> Void) throws(E) {
        self.count = count
        bytes = .allocate(capacity: count)
        bytes.initialize(repeating: 0, count: count)
        try fill(bytes)
    }

    deinit {
        OPENSSL_cleanse(bytes, count)
        bytes.deallocate()
    }

    func withPointer<R, E: Error>(_ body: (UnsafePointer<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(UnsafePointer(bytes))
    }
}
