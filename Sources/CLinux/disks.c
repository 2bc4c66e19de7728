#define _GNU_SOURCE
#include "CLinuxDisks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const int kc_o_direct = O_DIRECT;
const int kc_o_path = O_PATH;

static int open2(int directory, const char *path, int flags, mode_t mode, uint64_t resolve) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC);
    how.mode = (flags & O_CREAT) ? mode : 0;
    how.resolve = resolve;
    long result;
    do {
        result = syscall(SYS_openat2, directory, path, &how, sizeof how);
    } while (result < 0 && (errno == EINTR || errno == EAGAIN));
    return (int)result;
}

int kc_open_beneath(int directory, const char *path, int flags, mode_t mode) {
    return open2(directory, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

int kc_open_no_symlinks(const char *path, int flags) {
    return open2(AT_FDCWD, path, flags, 0, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

int kc_reopen(int descriptor, int flags) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return open(path, flags | O_CLOEXEC);
}

int kc_rename_noreplace(int old_directory, const char *old_name, int new_directory, const char *new_name) {
    int result = renameat2(old_directory, old_name, new_directory, new_name, RENAME_NOREPLACE);
    if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
    // A file system without the flag (NFS): a hard link never replaces a name either.
    if (linkat(old_directory, old_name, new_directory, new_name, 0) != 0) return -1;
    return unlinkat(old_directory, old_name, 0);
}

off_t kc_seek_data(int descriptor, off_t offset) { return lseek(descriptor, offset, SEEK_DATA); }
off_t kc_seek_hole(int descriptor, off_t offset) { return lseek(descriptor, offset, SEEK_HOLE); }

int kc_punch_hole(int descriptor, off_t offset, off_t length) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

bool kc_is_memory_file_system(int descriptor) {
    struct statfs info;
    return fstatfs(descriptor, &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

int kc_block_device_size(int descriptor, uint64_t *size) { return ioctl(descriptor, BLKGETSIZE64, size); }

int kc_block_device_zero(int descriptor, uint64_t offset, uint64_t length) {
    uint64_t range[2] = {offset, length};
    return ioctl(descriptor, BLKZEROOUT, range);
}

unsigned kc_device_major(dev_t device) { return major(device); }
unsigned kc_device_minor(dev_t device) { return minor(device); }

static struct flock byte_lock(short type, off_t byte) {
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

int kc_ofd_lock_shared(int descriptor, off_t byte) {
    struct flock lock = byte_lock(F_RDLCK, byte);
    return fcntl(descriptor, F_OFD_SETLK, &lock);
}

int kc_ofd_is_locked(int descriptor, off_t byte) {
    struct flock lock = byte_lock(F_WRLCK, byte);
    if (fcntl(descriptor, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type == F_UNLCK ? 0 : 1;
}

int kc_connect_unix(const char *path) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int result;
    do {
        result = connect(descriptor, (struct sockaddr *)&address, sizeof address);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        int saved = errno;
        close(descriptor);
        errno = saved;
        return -1;
    }
    return descriptor;
}

int kc_set_socket_timeout(int descriptor, unsigned seconds) {
    struct timeval limit = {.tv_sec = (time_t)seconds, .tv_usec = 0};
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) return -1;
    return setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int kc_semaphore_wait(sem_t *semaphore, unsigned milliseconds) {
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += milliseconds / 1000;
    deadline.tv_nsec += milliseconds % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec += 1;
        deadline.tv_nsec -= 1000000000L;
    }
    int result;
    do {
        result = sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline);
    } while (result != 0 && errno == EINTR);
    return result;
}

// Between fork and exec only what is safe after a fork of a process with threads.
static void become_child(const char *program, char *const argv[], char *const environment[], int out, int err,
                         pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(126);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    int null = open("/dev/null", O_RDONLY);
    // Moved above 2 first: one of them may be 0, 1 or 2 itself.
    int safe_out = fcntl(out, F_DUPFD, 3);
    int safe_err = fcntl(err, F_DUPFD, 3);
    if (null < 0 || safe_out < 0 || safe_err < 0) _exit(126);
    if (dup2(null, 0) < 0 || dup2(safe_out, 1) < 0 || dup2(safe_err, 2) < 0) _exit(126);
    if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
        for (int descriptor = 3; descriptor < 1024; descriptor++) close(descriptor);
    }
    execve(program, argv, environment);
    static const char message[] = "can't execute the program\n";
    ssize_t ignored = write(2, message, sizeof message - 1);
    (void)ignored;
    _exit(127);
}

pid_t kc_spawn_tool(const char *program, char *const argv[], char *const environment[], int out, int err) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) become_child(program, argv, environment, out, err, parent);
    return child;
}

// The same without a death signal: it outlives its parent, whatever ends that.
pid_t kc_spawn_guard(const char *program, char *const argv[], char *const environment[], int in, int out) {
    pid_t child = fork();
    if (child != 0) return child;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_WRONLY);
    int safe_in = fcntl(in, F_DUPFD, 3);
    int safe_out = fcntl(out, F_DUPFD, 3);
    if (setsid() < 0 || null < 0 || safe_in < 0 || safe_out < 0) _exit(126);
    if (dup2(safe_in, 0) < 0 || dup2(safe_out, 1) < 0 || dup2(null, 2) < 0) _exit(126);
    if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
        for (int descriptor = 3; descriptor < 1024; descriptor++) close(descriptor);
    }
    execve(program, argv, environment);
    _exit(127);
}

int kc_wait_without_reaping(pid_t child) {
    siginfo_t info;
    int result;
    do {
        result = waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    } while (result != 0 && errno == EINTR);
    return result;
}

int kc_reap(pid_t child) {
    int status;
    pid_t result;
    do {
        result = waitpid(child, &status, 0);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int kc_set_attribute(int fd, const char *name, const void *value, size_t size) {
    return fsetxattr(fd, name, value, size, 0);
}

ssize_t kc_get_attribute(int fd, const char *name, void *value, size_t size) {
    return fgetxattr(fd, name, value, size);
}

int kc_remove_attribute(int fd, const char *name) {
    return fremovexattr(fd, name);
}

int64_t kc_birth_time(int fd) {
    struct statx info;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0 || !(info.stx_mask & STATX_BTIME)) {
        return 0;
    }
    return (int64_t)info.stx_btime.tv_sec * 1000000000 + info.stx_btime.tv_nsec;
}
