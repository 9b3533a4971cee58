/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/tries.h"

#include "bulla/cursor.h"

enum {
#define X(name, offset, bytes, text, meaning) END_##name = (offset) + (bytes),
    BULLA_TRIES_TABLE(X)
#undef X
};

_Static_assert((int)END_WAIT == BULLA_TRIES_SIZE, "the table is the format");

void bulla_tries_init(struct bulla_tries *tries, int64_t now_ms)
{
    *tries = (struct bulla_tries){.seen_ms = now_ms};
}

/* Takes off what has passed; a clock that went backwards has passed nothing. */
static void pass(struct bulla_tries *tries, int64_t now_ms)
{
    if (now_ms > tries->seen_ms) {
        uint64_t passed = (uint64_t)now_ms - (uint64_t)tries->seen_ms;
        tries->wait_ms = passed < tries->wait_ms ? tries->wait_ms - (uint32_t)passed : 0;
    }
    tries->seen_ms = now_ms;
}

bool bulla_tries_may(struct bulla_tries *tries, int64_t now_ms)
{
    pass(tries, now_ms);
    return tries->wait_ms == 0;
}

static uint32_t wait_after(unsigned wrong)
{
    uint32_t wait = BULLA_TRIES_FIRST_MS;
    for (; wrong > BULLA_TRIES_FREE && wait < BULLA_TRIES_MOST_MS; wrong--)
        wait *= 2;
    return wait < BULLA_TRIES_MOST_MS ? wait : BULLA_TRIES_MOST_MS;
}

void bulla_tries_wrong(struct bulla_tries *tries, int64_t now_ms)
{
    tries->total += tries->total < UINT32_MAX;
    if (!bulla_tries_may(tries, now_ms))
        return;
    if (tries->wrong < UINT16_MAX)
        tries->wrong++;
    if (tries->wrong >= BULLA_TRIES_FREE)
        tries->wait_ms = wait_after(tries->wrong);
}

void bulla_tries_right(struct bulla_tries *tries)
{
    tries->wrong = 0;
    tries->wait_ms = 0;
}

void bulla_tries_encode(const struct bulla_tries *tries, uint8_t bytes[BULLA_TRIES_SIZE])
{
    struct bulla_writer w = bulla_writer_over(bytes, BULLA_TRIES_SIZE);
    bulla_writer_put_u16(&w, tries->wrong);
    bulla_writer_put_u32(&w, tries->total);
    bulla_writer_put_u32(&w, tries->wait_ms);
}

enum bulla_status bulla_tries_decode(const uint8_t bytes[BULLA_TRIES_SIZE], int64_t now_ms, struct bulla_tries *tries)
{
    struct bulla_cursor c = bulla_cursor_over(bytes, BULLA_TRIES_SIZE);
    bulla_tries_init(tries, now_ms);
    tries->wrong = bulla_cursor_get_u16(&c);
    tries->total = bulla_cursor_get_u32(&c);
    tries->wait_ms = bulla_cursor_get_u32(&c);
    if (tries->wait_ms <= BULLA_TRIES_MOST_MS)
        return BULLA_OK;
    tries->wait_ms = BULLA_TRIES_MOST_MS; /* what was stored has rotted: nobody gains by that */
    return BULLA_DAMAGED;
}
