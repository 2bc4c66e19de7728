import Glibc

/// A counting semaphore: one `post` lets one `wait` pass.
final class WorkSignal: @unchecked Sendable {  // the only state is a sem_t, which is made for use by several threads
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() {
        sem_post(semaphore)
    }

    func wait() {
        while sem_wait(semaphore) != 0 {}
    }

    /// Waits at most about `limit`, measured by the wall clock: a jump of it makes the wait end early or late. False
    /// when that ran out.
    func wait(atMost limit: Duration) -> Bool {
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        let (seconds, attoseconds) = limit.components
        end.tv_sec += Int(seconds)
        end.tv_nsec += Int(attoseconds / 1_000_000_000)
        if end.tv_nsec >= 1_000_000_000 {
            end.tv_sec += 1
            end.tv_nsec -= 1_000_000_000
        }
        while true {
            if sem_timedwait(semaphore, &end) == 0 { return true }
            if errno != EINTR { return false }
        }
    }
}
