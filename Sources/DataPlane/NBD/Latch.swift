import CLinux
import Glibc

/// Opens once and stays open. Waiting blocks the thread.
final class Latch: Sendable {
    // Freed in deinit only; the semaphore in it is made for use by several threads.
    private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        semaphore.initialize(to: sem_t())
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { sem_post(semaphore) }

    /// Waits until it is open.
    func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
        sem_post(semaphore)
    }

    /// Waits at most so many milliseconds; false when it is still shut.
    func wait(milliseconds: Int) -> Bool {
        guard kc_semaphore_wait(semaphore, UInt32(milliseconds)) == 0 else { return false }
        sem_post(semaphore)
        return true
    }
}
