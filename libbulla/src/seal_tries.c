/* SPDX-License-Identifier: Apache-2.0
 *
 * Tries at the seal: wrong shared keys, and tickets that are badly signed. A wrong one is in flash before anybody hears of it, so
 * cutting the power gives no more of them. While one has to wait nothing is tried and nothing is written: a stranger wears out no flash.
 */
#include "libbulla/src/seal_inside.h"

static int64_t now(const struct bulla_seal *seal)
{
    return (int64_t)bulla_seal_running_ms(seal);
}

void bulla_seal_tries_pass(struct bulla_seal *seal)
{
    for (unsigned i = 0; i < BULLA_SEAL_TRIES; i++)
        (void)bulla_tries_may(&seal->tries[i], now(seal));
}

bool bulla_seal_tries_may(struct bulla_seal *seal, enum bulla_seal_try what)
{
    bool may = bulla_tries_may(&seal->tries[what], now(seal));
    if (!may) {
        bulla_tries_wrong(&seal->tries[what], now(seal));
        bulla_seal_ignore(seal, BULLA_IGNORED_UNPROVEN);
    }
    return may;
}

bool bulla_seal_tries_wrong(struct bulla_seal *seal, enum bulla_seal_try what)
{
    uint8_t bytes[BULLA_TRIES_SIZE];
    bulla_tries_wrong(&seal->tries[what], now(seal));
    bulla_tries_encode(&seal->tries[what], bytes);
    return bulla_zones_put(&seal->zones, BULLA_AREA_STATE, (uint16_t)(SEAL_TRIES_AT + what * BULLA_TRIES_SIZE),
                           (struct bulla_bytes){bytes, sizeof bytes}) == BULLA_OK;
}

void bulla_seal_tries_encode(const struct bulla_seal *seal, uint8_t bytes[SEAL_TRIES_SIZE])
{
    for (unsigned i = 0; i < BULLA_SEAL_TRIES; i++)
        bulla_tries_encode(&seal->tries[i], bytes + i * BULLA_TRIES_SIZE);
}

/* A wait that cannot be is the longest one. */
void bulla_seal_tries_decode(struct bulla_seal *seal, const uint8_t bytes[SEAL_TRIES_SIZE])
{
    for (unsigned i = 0; i < BULLA_SEAL_TRIES; i++)
        (void)!bulla_tries_decode(bytes + i * BULLA_TRIES_SIZE, now(seal), &seal->tries[i]);
}

/* How many there were is lost: that must not be worth anything. */
void bulla_seal_tries_lost(struct bulla_seal *seal)
{
    for (unsigned i = 0; i < BULLA_SEAL_TRIES; i++) {
        bulla_tries_init(&seal->tries[i], now(seal));
        seal->tries[i].wait_ms = BULLA_TRIES_MOST_MS;
    }
}
