#pragma once

// Child processes: what posix_spawn can't express.

#include <sys/types.h>

/// Starts `file` (found on PATH when it has no slash) in a session of its own with exactly three descriptors.
///
/// Every other descriptor is closed, signals have their default actions and none is blocked.
/// `death_signal`, when it isn't 0, is sent to the child when the calling *thread* ends.
/// Returns 0 and sets `pid`, or an errno value. Blocks until the child has executed `file`.
int kc_spawn(pid_t *pid, const char *file, char *const argv[], char *const envp[], int standard_input,
             int standard_output, int standard_error, int death_signal);

/// A descriptor that becomes readable when the process ends; -1 and errno on failure.
int kc_pidfd_open(pid_t pid);

/// A pipe whose ends are close-on-exec: `ends[0]` to read, `ends[1]` to write. -1 and errno on failure.
int kc_pipe(int ends[2]);

/// An eventfd that never blocks and is close-on-exec; -1 and errno on failure.
int kc_eventfd(void);
