#pragma once

// What the transfer engine asks of the kernel and of the C library beyond the Glibc module.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// True when all `count` bytes are zero. Stops at the first that isn't.
bool kc_is_zero(const void *bytes, size_t count);

/// User and kernel CPU time of the calling thread, in nanoseconds.
void kc_thread_cpu(uint64_t *user, uint64_t *system);

/// Writes one byte per page, so that later writes take no page fault.
void kc_touch(void *bytes, size_t count);

/// accept4(2) of a non-blocking, close-on-exec socket, without the peer's address. -1 with errno on failure.
int kc_accept(int listener);
