/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of bulla/session.h share.
 *
 * Every step works on a copy of the session and on memory of its own, and says what it doubts. session_close() counts the
 * doubt, or puts copy and message in place, and wipes both: a step is done wholly or not at all.
 */
#ifndef SRC_SESSION_H
#define SRC_SESSION_H

#include "bulla/session.h"

struct session_step {
    struct bulla_session next;
    uint8_t made[BULLA_RECORD_MAX];
    size_t n;
};

enum bulla_status session_close(struct bulla_session *session, struct session_step *step, enum bulla_doubt why, uint8_t *to, size_t size,
                                size_t *n, enum bulla_doubt *doubt);

/* GOOD, or what REFUSED means there; anything else is BELOW. */
enum bulla_doubt session_doubt(enum bulla_status status, enum bulla_doubt refused);

/* digest(label, then) of `then` and up to three parts more; label with the zero at its end. */
enum bulla_status session_hash(const struct bulla_suite *suite, const char *label, const struct bulla_bytes *parts, size_t n,
                               uint8_t hash[BULLA_HASH]);

/* Keys of records from root and transcript; the root is wiped. */
enum bulla_status session_keys(struct bulla_session *session);

/* Shared keys: the steps of session_shared.c. */
enum bulla_doubt session_shared_answer(struct session_step *step, struct bulla_bytes call);
enum bulla_doubt session_shared_prove(struct session_step *step, struct bulla_bytes answer);

static inline struct bulla_bytes session_text(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, bulla_length(text) + 1};
}

#endif
