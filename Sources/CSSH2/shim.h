#pragma once
#include <errno.h>
#include <libssh2.h>
#include <stdint.h>
#include <sys/socket.h>

/// Reads the connection for libssh2 and counts the calls that got something, in the uint64_t that the session's
/// abstract pointer points to.
static inline ssize_t kc_ssh2_counting_receive(
    libssh2_socket_t socket, void *buffer, size_t length, int flags, void **abstract) {
    ssize_t count = recv(socket, buffer, length, flags);
    if (count < 0) return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
    if (count > 0) ++*(uint64_t *)*abstract;
    return count;
}

/// Lets a session count what it reads; its abstract pointer must point to a uint64_t.
static inline void kc_ssh2_count_receives(LIBSSH2_SESSION *session) {
    LIBSSH2_RECV_FUNC((*receive)) = kc_ssh2_counting_receive;
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, (void *)receive);
}
