import Glibc

/// Why bytes of a disk could not be read, written or made durable.
public struct DiskError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller tells apart.
    public enum Kind: Sendable, Equatable {
        /// The file system, quota or device is full.
        case noSpace
        /// The medium or its driver failed.
        case medium
        /// The disk ended before the wanted bytes.
        case shortRead
        /// The disk is not what it was when it was opened.
        case changed
        /// The device is smaller than the disk.
        case tooSmall
        /// Something else uses the device.
        case busy
        /// The range does not lie inside the disk.
        case outOfRange
        /// The disk was opened for reading only.
        case readOnly
        /// The server or device did not answer in time.
        case timedOut
        /// The work was stopped by its owner.
        case cancelled
        /// Any other system error.
        case system
    }

    /// What happened.
    public var kind: Kind
    /// What was tried, such as "read".
    public var operation: String
    /// The file, device or export.
    public var path: String
    /// Byte offset on the disk, where there is one.
    public var offset: UInt64?
    /// The system's error number, where there was one.
    public var errno: Int32?
    /// The cause in words, where there is more to say than the error number does.
    public var detail: String?

    /// An error with all its parts.
    public init(
        _ kind: Kind, _ operation: String, _ path: String, offset: UInt64? = nil, errno: Int32? = nil,
        detail: String? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.path = path
        self.offset = offset
        self.errno = errno
        self.detail = detail
    }

    /// The error for a system call that failed with `errno`.
    static func system(_ errno: Int32, _ operation: String, _ path: String, offset: UInt64? = nil) -> DiskError {
        let kind: Kind =
            switch errno {
            case ENOSPC, EDQUOT, EFBIG: .noSpace
            case EIO, ENXIO, EREMOTEIO, ENODEV: .medium
            case EBUSY: .busy
            case EROFS: .readOnly
            case ETIMEDOUT: .timedOut
            default: .system
            }
        return DiskError(kind, operation, path, offset: offset, errno: errno)
    }

    /// One line: what was tried where, the cause, and what to do next.
    public var description: String {
        var text = "can't \(operation) \(path)"
        if let offset { text += " at byte \(offset)" }
        let cause = [detail, errno.map(systemMessage)].compactMap(\.self).joined(separator: ": ")
        if !cause.isEmpty { text += ": \(cause)" }
        if let remedy { text += "; \(remedy)" }
        return text
    }

    private var remedy: String? {
        switch kind {
        case .noSpace: "free space there, or choose another pool"
        case .medium: "check the kernel log and the health of the storage"
        case .changed: "leave the VM and its disks alone while they are copied, and start again"
        case .tooSmall: "choose a device of at least the disk's size"
        case .busy: "unmount it, or end what uses it"
        case .shortRead: "the disk was cut short while it was read; start again"
        case .outOfRange, .readOnly, .timedOut, .cancelled, .system: nil
        }
    }
}

/// The system's words for an error number.
func systemMessage(_ number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        buffer.initialize(repeating: 0)
        // The buffer has a base address because its capacity is not 0.
        let base = buffer.baseAddress!
        return strerror_r(number, base, buffer.count - 1) == 0 ? String(cString: base) : "error \(number)"
    }
}
