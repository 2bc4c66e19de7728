#pragma once
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stddef.h>
#include <stdint.h>

// OSSL_PARAM keeps pointers to its names, and a frame costs five EVP calls: both are simpler on this side.

/// HKDF-SHA256 (RFC 5869), extract and expand. Returns 1 on success.
static inline int kc_hkdf_sha256(
    uint8_t *out, size_t out_len, const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len,
    const uint8_t *info, size_t info_len) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    EVP_KDF_free(kdf);
    if (!ctx) return 0;
    OSSL_PARAM params[5] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_len),
        OSSL_PARAM_construct_end(),
    };
    int ok = EVP_KDF_derive(ctx, out, out_len, params) > 0;
    EVP_KDF_CTX_free(ctx);
    return ok;
}

/// A context for AES-128-GCM under one key with a 12-byte nonce. NULL on failure.
static inline EVP_CIPHER_CTX *kc_gcm_new(const uint8_t key[16], int encrypt) {
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
    if (ctx && EVP_CipherInit_ex2(ctx, cipher, key, NULL, encrypt, NULL) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_CIPHER_free(cipher);
    return ctx;
}

/// Seals `len` bytes at `data` in place and writes the 16-byte tag. Returns 1 on success.
static inline int kc_gcm_seal(
    EVP_CIPHER_CTX *ctx, const uint8_t nonce[12], const void *aad, int aad_len, void *data, int len, void *tag) {
    int n = 0;
    if (EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL) != 1) return 0;
    if (EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)aad, aad_len) != 1) return 0;
    if (len > 0 && EVP_EncryptUpdate(ctx, (unsigned char *)data, &n, (const unsigned char *)data, len) != 1) return 0;
    unsigned char none[16];
    if (EVP_EncryptFinal_ex(ctx, none, &n) != 1) return 0;
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
}

/// Opens `len` bytes at `data` into `output`, which may be the same. Returns 1 only when the tag holds; else the bytes are worthless.
static inline int kc_gcm_open(
    EVP_CIPHER_CTX *ctx, const uint8_t nonce[12], const void *aad, int aad_len, const void *data, void *output,
    int len, const void *tag) {
    int n = 0;
    if (EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, NULL) != 1) return 0;
    if (EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)aad, aad_len) != 1) return 0;
    if (len > 0 && EVP_DecryptUpdate(ctx, (unsigned char *)output, &n, (const unsigned char *)data, len) != 1) return 0;
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag) != 1) return 0;
    unsigned char none[16];
    int ok = EVP_DecryptFinal_ex(ctx, none, &n) == 1;
    if (!ok) ERR_clear_error();
    return ok;
}
