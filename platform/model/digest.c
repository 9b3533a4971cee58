/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/digest.h"

#include <openssl/evp.h>
#include <string.h>

struct state {
    EVP_MD_CTX *context; /* NULL after a failure */
};

static void begin(struct state *state, const EVP_MD *md)
{
    state->context = EVP_MD_CTX_new();
    if (state->context && EVP_DigestInit_ex(state->context, md, NULL) != 1) {
        EVP_MD_CTX_free(state->context);
        state->context = NULL;
    }
}

static void add(void *at, struct bulla_bytes bytes)
{
    struct state *state = at;
    if (state->context && EVP_DigestUpdate(state->context, bytes.at, bytes.len) != 1) {
        EVP_MD_CTX_free(state->context);
        state->context = NULL;
    }
}

static void end(struct state *state, uint8_t *digest, size_t size)
{
    memset(digest, 0, size);
    if (state->context && EVP_DigestFinal_ex(state->context, digest, NULL) != 1) {
        memset(digest, 0, size);
    }
    EVP_MD_CTX_free(state->context);
    state->context = NULL;
}

#define X(name, number, text, bytes, decides)                                                                                              \
    static void begin_##name(void *state)                                                                                                  \
    {                                                                                                                                      \
        begin(state, EVP_get_digestbyname(text));                                                                                          \
    }                                                                                                                                      \
    static void end_##name(void *state, uint8_t *digest)                                                                                   \
    {                                                                                                                                      \
        end(state, digest, bytes);                                                                                                         \
    }
BULLA_DIGEST_TABLE(X)
#undef X

static const struct bulla_digest digests[] = {
#define X(name, number, text, bytes, decides) {number, sizeof(struct state), begin_##name, add, end_##name},
    BULLA_DIGEST_TABLE(X)
#undef X
};

const struct bulla_digest *digest_find(unsigned kind)
{
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        if (digests[i].kind == kind) {
            return &digests[i];
        }
    }
    return NULL;
}
