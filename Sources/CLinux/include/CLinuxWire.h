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

/// Whether this CPU has what `kc_sha256_x16` needs (AVX-512 F and BW).
bool kc_has_sha256_x16(void);

/// Whether it is the faster way: the CPU has it, and this file was compiled with optimisation.
bool kc_sha256_x16_pays(void);

/// A digest of 32 bytes.
typedef struct {
    uint8_t bytes[32];
} kc_digest;

/// SHA-256 of sixteen messages of `count` bytes each, a multiple of 64, side by side: several times the rate of one
/// after the other. Messages may be the same memory. Call it only where `kc_has_sha256_x16`.
void kc_sha256_x16(const void *const messages[16], size_t count, kc_digest digests[16]);
