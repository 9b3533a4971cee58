/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of what several nodes do with one store. Where the back end is one that several processes open, two of them are two
 * stores here; else the one serves both.
 */
#ifndef PARTITIONS_SUPPORT_H
#define PARTITIONS_SUPPORT_H

#include "store_both.h"

#include "platform/model/journey.h"

#include <time.h>

enum { PARTITIONS = 16, LEASE_MS = 400 };

static struct test_place place;
static struct store *store, *other; /* the same, where only one may be open */

static inline int set_up(void **state)
{
    unsigned n = 0;
    (void)state;
    place_make(&place);
    store = other = place_open(&place);
    if (store_is_shared(store)) {
        other = place_open(&place);
    }
    assert_int_equal(store_partitions_fix(store, PARTITIONS, &n), STORE_OK);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    if (other != store) {
        store_close(other);
    }
    store_close(store);
    place_remove(&place);
    return 0;
}

static inline void wait_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static inline struct alarm alarm_of(const char *id)
{
    struct alarm alarm = {.onset_ms = T0, .raised_ms = T0, .has_position = false};
    snprintf(alarm.id, sizeof alarm.id, "%s", id);
    return alarm;
}

static inline void count(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)o;
    (void)raw;
    ++*(unsigned *)context;
}

#endif
