/// A bounded first-in-first-out buffer of bytes in one piece of memory.
final class ByteQueue {
    private let memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    var isEmpty: Bool { start == end }

    /// The bytes in the queue. Valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

    /// How many bytes `free` would give. Moving the rest to the front waits until half of the memory is unused.
    var room: Int { memory.count - (movesToFront ? end - start : end) }

    private var movesToFront: Bool { start == end || start >= memory.count / 2 }

    /// Free memory behind the last byte. Fill its beginning, then call `added`.
    func free() -> UnsafeMutableRawBufferPointer {
        if movesToFront {
            memory.copyBytes(from: bytes)
            (start, end) = (0, end - start)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[end...])
    }

    func added(_ count: Int) {
        end += count
    }

    func removeFirst(_ count: Int) {
        start += count
    }

    func removeAll() {
        (start, end) = (0, 0)
    }
}
