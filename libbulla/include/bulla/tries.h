/* SPDX-License-Identifier: Apache-2.0
 *
 * Tries: wrong passwords, shared keys or signatures in a row. Some are free; after each further one nothing is tried for a
 * while, which doubles each time up to a limit. Refusing for ever would let any stranger lock out the owner.
 *
 * The caller stores the state (BULLA_TRIES_TABLE) after each wrong try and before it answers: who cuts the power gains
 * nothing. What is left to wait is stored and not when it ends, so it is not shortened by setting a clock: a clock that goes backwards
 * gives nothing, and after a restart the wait goes on from where it was stored. Use a clock that nobody sets
 * (bulla_clock's oscillations, time since the start): one that jumps forward gives what it jumped.
 */
#ifndef BULLA_TRIES_H
#define BULLA_TRIES_H

#include "bulla/api.h"
#include "bulla/bytes.h"
#include "bulla/status.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_TRIES_TABLE(X) /* field, offset, bytes, name, meaning; numbers are big-endian */ \
    X(WRONG, 0, 2, "wrong", "in a row; stops at its maximum")                                  \
    X(TOTAL, 2, 4, "total", "ever; stops at its maximum")                                      \
    X(WAIT,  6, 4, "wait",  "milliseconds in which nothing is tried")
/* clang-format on */

#define BULLA_TRIES_SIZE     10
#define BULLA_TRIES_FREE     5u                /* wrong ones in a row without a wait: the fifth has one (GB/T 23678: after five) */
#define BULLA_TRIES_FIRST_MS UINT32_C(60000)   /* the first wait */
#define BULLA_TRIES_MOST_MS  UINT32_C(3600000) /* the longest one */

struct bulla_tries {
    uint16_t wrong;
    uint32_t total;
    uint32_t wait_ms;
    int64_t seen_ms; /* when wait_ms was right */
};

void bulla_tries_init(struct bulla_tries *tries, int64_t now_ms);

/* True when something may be tried now. */
bool bulla_tries_may(struct bulla_tries *tries, int64_t now_ms);

/* A wrong one. While it may not be tried only the total rises: a stranger who goes on cannot make the wait longer. */
void bulla_tries_wrong(struct bulla_tries *tries, int64_t now_ms);

/* A right one: those in a row are forgotten, the total is not. Only after bulla_tries_may(). */
void bulla_tries_right(struct bulla_tries *tries);

void bulla_tries_encode(const struct bulla_tries *tries, uint8_t bytes[BULLA_TRIES_SIZE]);
/* After a restart: the wait goes on from what was stored. DAMAGED: a wait above the limit; *tries then waits the longest. */
enum bulla_status bulla_tries_decode(const uint8_t bytes[BULLA_TRIES_SIZE], int64_t now_ms, struct bulla_tries *tries) BULLA_MUST_CHECK;

BULLA_END

#endif
