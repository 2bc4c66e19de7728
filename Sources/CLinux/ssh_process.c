#define _GNU_SOURCE
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int kc_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int kc_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int kc_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Runs between vfork and exec: system calls only.
static int become(const char *file, char *const argv[], char *const envp[], const int from[3], int death_signal,
                  pid_t parent, const sigset_t *unblocked) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &action, NULL);
    }
    if (setsid() < 0) return errno;
    if (death_signal != 0) {
        if (prctl(PR_SET_PDEATHSIG, death_signal) != 0) return errno;
        if (getppid() != parent) return ECANCELED;
    }
    for (int target = 0; target < 3; target++) {
        if (dup2(from[target], target) < 0) return errno;
    }
    closefrom(3);
    if (sigprocmask(SIG_SETMASK, unblocked, NULL) != 0) return errno;
    execvpe(file, argv, envp);
    return errno;
}

int kc_spawn(pid_t *pid, const char *file, char *const argv[], char *const envp[], int standard_input,
             int standard_output, int standard_error, int death_signal) {
    const int given[3] = {standard_input, standard_output, standard_error};
    int from[3] = {-1, -1, -1};
    volatile int failure = 0;
    sigset_t all, before, none;

    // Copies above 2, so that no dup2 overwrites a source that is still needed.
    for (int index = 0; index < 3; index++) {
        from[index] = fcntl(given[index], F_DUPFD_CLOEXEC, 3);
        if (from[index] < 0) {
            failure = errno;
            break;
        }
    }
    if (failure == 0) {
        const pid_t parent = getpid();
        sigfillset(&all);
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pid_t child = vfork();
        if (child == 0) {
            failure = become(file, argv, envp, from, death_signal, parent, &none);
            _exit(127);
        }
        if (child < 0) {
            failure = errno;
        } else if (failure != 0) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
            }
        } else {
            *pid = child;
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    for (int index = 0; index < 3; index++) {
        if (from[index] >= 0) close(from[index]);
    }
    return failure;
}
