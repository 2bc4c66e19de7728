#pragma once

// Calls for files, block devices and child processes. Each returns -1 with errno set unless it says otherwise.

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Opens `path` relative to `directory` without leaving it and without following any symbolic link
/// (RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS). Close-on-exec.
int kc_open_beneath(int directory, const char *path, int flags, mode_t mode);

/// Opens an absolute path without following any symbolic link. Close-on-exec.
int kc_open_no_symlinks(const char *path, int flags);

/// Opens the file that `descriptor` stands for once more, with a file description of its own. Close-on-exec.
int kc_reopen(int descriptor, int flags);

/// Flags that the Glibc module hides.
extern const int kc_o_direct;
extern const int kc_o_path;

/// rename(2) that fails with EEXIST instead of replacing the new name.
int kc_rename_noreplace(int old_directory, const char *old_name, int new_directory, const char *new_name);

/// First data, or first hole, at or after `offset`. ENXIO when there is none.
off_t kc_seek_data(int descriptor, off_t offset);
off_t kc_seek_hole(int descriptor, off_t offset);

/// Frees the blocks of a range of a file, which then reads as zeros.
int kc_punch_hole(int descriptor, off_t offset, off_t length);

/// True when the file lies in memory only (tmpfs, ramfs).
bool kc_is_memory_file_system(int descriptor);

int kc_block_device_size(int descriptor, uint64_t *size);

/// Zeroes sectors of a block device (BLKZEROOUT); both numbers are multiples of 512.
int kc_block_device_zero(int descriptor, uint64_t offset, uint64_t length);

unsigned kc_device_major(dev_t device);
unsigned kc_device_minor(dev_t device);

/// Takes a shared open-file-description lock on one byte, without waiting.
int kc_ofd_lock_shared(int descriptor, off_t byte);

/// 1 when another open file description holds a lock on the byte, else 0.
int kc_ofd_is_locked(int descriptor, off_t byte);

/// Connects a stream socket to a UNIX socket path. ENAMETOOLONG when the path does not fit.
int kc_connect_unix(const char *path);

/// Limits how long one send or receive on a socket may block.
int kc_set_socket_timeout(int descriptor, unsigned seconds);

/// Waits on a semaphore at most so many milliseconds (CLOCK_MONOTONIC); ETIMEDOUT after that.
int kc_semaphore_wait(sem_t *semaphore, unsigned milliseconds);

/// Starts a program with stdin from /dev/null and the given stdout and stderr; all other descriptors are closed,
/// the signal mask is empty. The child gets SIGKILL when the calling *thread* ends, so that thread has to outlive it.
/// A failing exec ends the child with status 127 after a message on its stderr.
pid_t kc_spawn_tool(const char *program, char *const argv[], char *const environment[], int out, int err);

/// Starts a program in a session of its own that goes on when this process ends, with `in` and `out` as its standard input
/// and output and nothing else of this process. Its id, or -1 with errno.
pid_t kc_spawn_guard(const char *program, char *const argv[], char *const environment[], int in, int out);

/// Waits for a child to end and leaves it a zombie, so that its id stays taken.
int kc_wait_without_reaping(pid_t child);

/// Reaps a child that has ended. Returns its exit status, or 128 + the signal that ended it.
int kc_reap(pid_t child);

/// Sets an extended attribute of an open file. 0, or -1 with errno.
int kc_set_attribute(int fd, const char *name, const void *value, size_t size);

/// Reads an extended attribute of an open file. Its length, or -1 with errno.
ssize_t kc_get_attribute(int fd, const char *name, void *value, size_t size);

/// Removes an extended attribute of an open file. 0, or -1 with errno.
int kc_remove_attribute(int fd, const char *name);

/// When an open file was made, in nanoseconds since 1970; 0 where the file system doesn't know.
int64_t kc_birth_time(int fd);
