#include "CLinuxWire.h"

// One SHA-256 is a chain of dependent steps that no unit of a CPU runs at full width, and the SHA extensions don't
// overlap two of them well on every make. Sixteen messages side by side in AVX-512 registers, one per 32-bit lane, do:
// see FIPS 180-4 for the algorithm and its constants.

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw")))

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

bool kc_has_sha256_x16(void) { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); }

bool kc_sha256_x16_pays(void) {
#ifdef __OPTIMIZE__
    return kc_has_sha256_x16();
#else
    return false;
#endif
}

#define ADD _mm512_add_epi32
#define ROR _mm512_ror_epi32
#define XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define CHOOSE(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)

/// One 64-byte block of each message into w: word i of message l becomes lane l of w[i], in host order.
TARGET static inline __attribute__((always_inline)) void load_words(
    __m512i w[16], const unsigned char *const messages[16], size_t offset) {
    const __m512i swap = _mm512_broadcast_i32x4(
        _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    __m512i r[16], a[16], b[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
        r[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(messages[i] + offset), swap);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
        b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
        b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
        b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
        b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
#pragma clang loop unroll(full)
    for (int c = 0; c < 4; c++) {
        const __m512i low = _mm512_shuffle_i32x4(b[c], b[4 + c], 0x44);
        const __m512i low2 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0x44);
        const __m512i high = _mm512_shuffle_i32x4(b[c], b[4 + c], 0xee);
        const __m512i high2 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0xee);
        w[c] = _mm512_shuffle_i32x4(low, low2, 0x88);
        w[4 + c] = _mm512_shuffle_i32x4(low, low2, 0xdd);
        w[8 + c] = _mm512_shuffle_i32x4(high, high2, 0x88);
        w[12 + c] = _mm512_shuffle_i32x4(high, high2, 0xdd);
    }
}

/// The 64 rounds of one block in all lanes.
TARGET static inline __attribute__((always_inline)) void compress(__m512i state[8], __m512i w[16]) {
    __m512i s[8];
    for (int i = 0; i < 8; i++) s[i] = state[i];
#pragma clang loop unroll(disable)
    for (int base = 0; base < 64; base += 16) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            // The names of the eight variables move by one each round; the indexes do so instead of the values.
            const int a = (16 - i) & 7, b = (17 - i) & 7, c = (18 - i) & 7, d = (19 - i) & 7;
            const int e = (20 - i) & 7, f = (21 - i) & 7, g = (22 - i) & 7, h = (23 - i) & 7;
            if (base > 0) {
                const __m512i x = w[(i + 1) & 15], y = w[(i + 14) & 15];
                const __m512i small0 = XOR3(ROR(x, 7), ROR(x, 18), _mm512_srli_epi32(x, 3));
                const __m512i small1 = XOR3(ROR(y, 17), ROR(y, 19), _mm512_srli_epi32(y, 10));
                w[i] = ADD(ADD(w[i], small0), ADD(w[(i + 9) & 15], small1));
            }
            const __m512i k = _mm512_set1_epi32((int)round_constants[base + i]);
            const __m512i big1 = XOR3(ROR(s[e], 6), ROR(s[e], 11), ROR(s[e], 25));
            const __m512i t1 = ADD(ADD(ADD(s[h], k), ADD(w[i], big1)), CHOOSE(s[e], s[f], s[g]));
            const __m512i big0 = XOR3(ROR(s[a], 2), ROR(s[a], 13), ROR(s[a], 22));
            s[d] = ADD(s[d], t1);
            s[h] = ADD(t1, ADD(big0, MAJORITY(s[a], s[b], s[c])));
        }
    }
    for (int i = 0; i < 8; i++) state[i] = ADD(state[i], s[i]);
}

TARGET void kc_sha256_x16(const void *const messages[16], size_t count, kc_digest digests[16]) {
    const unsigned char *const *p = (const unsigned char *const *)messages;
    __m512i state[8], w[16];
    for (int i = 0; i < 8; i++) state[i] = _mm512_set1_epi32((int)initial[i]);
    for (size_t done = 0; done < count; done += 64) {
        load_words(w, p, done);
        compress(state, w);
    }
    const uint64_t bits = (uint64_t)count * 8;
    for (int i = 0; i < 16; i++) w[i] = _mm512_setzero_si512();
    w[0] = _mm512_set1_epi32((int)0x80000000u);
    w[14] = _mm512_set1_epi32((int)(uint32_t)(bits >> 32));
    w[15] = _mm512_set1_epi32((int)(uint32_t)bits);
    compress(state, w);
    uint32_t words[8][16];
    for (int i = 0; i < 8; i++) _mm512_storeu_si512(words[i], state[i]);
    for (int lane = 0; lane < 16; lane++) {
        for (int i = 0; i < 8; i++) {
            const uint32_t big = __builtin_bswap32(words[i][lane]);
            __builtin_memcpy(digests[lane].bytes + 4 * i, &big, 4);
        }
    }
}

#else

bool kc_has_sha256_x16(void) { return false; }

bool kc_sha256_x16_pays(void) { return false; }

void kc_sha256_x16(const void *const messages[16], size_t count, kc_digest digests[16]) {
    (void)messages, (void)count, (void)digests;
    __builtin_trap();
}

#endif
