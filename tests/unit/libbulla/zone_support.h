/* SPDX-License-Identifier: Apache-2.0
 *
 * Zones beside a plain model: what they held at the last commit, and what they hold if the last one counted.
 */
#ifndef TESTS_ZONE_SUPPORT_H
#define TESTS_ZONE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/zone.h"
#include "tests/support/nor.h"

#define N_ZONES    4
#define ZONES_SIZE (29 + 88 + 249 + 70)

/* Inherent, container and security data of GB/T 23678, and a small one of our own. */
static const struct bulla_zone table[N_ZONES] = {{1, 29}, {2, 88}, {3, 249}, {9, 70}};

struct image {
    uint8_t bytes[ZONES_SIZE];
};

struct model {
    struct image now, then; /* committed; with what was begun */
    bool unsure;            /* either may be there */
};

static inline size_t zone_at(unsigned zone)
{
    size_t at = 0;
    for (unsigned i = 0; i < zone; i++)
        at += table[i].size;
    return at;
}

static inline struct image zones_image(const struct bulla_zones *zones)
{
    struct image image;
    for (unsigned i = 0; i < N_ZONES; i++)
        assert_int_equal(bulla_zones_read(zones, table[i].id, 0, image.bytes + zone_at(i), table[i].size), BULLA_OK);
    return image;
}

/* Old or new, never a mixture; which one, is settled. */
static inline void model_check(struct model *model, const struct bulla_zones *zones)
{
    struct image got = zones_image(zones);
    if (memcmp(&got, &model->now, sizeof got) != 0) {
        assert_true(model->unsure);
        assert_memory_equal(&got, &model->then, sizeof got);
        model->now = model->then;
    }
    model->then = model->now;
    model->unsure = false;
}

static inline struct bulla_bytes piece_of(struct model *model, struct random *random, unsigned *zone, uint16_t *offset)
{
    *zone = (unsigned)random_below(random, N_ZONES);
    bool whole = random_below(random, 3) == 0;
    *offset = whole ? 0 : (uint16_t)random_below(random, table[*zone].size);
    uint16_t n = whole ? table[*zone].size : (uint16_t)(1 + random_below(random, (uint64_t)table[*zone].size - *offset));
    uint8_t *at = model->then.bytes + zone_at(*zone) + *offset;
    random_fill(random, at, n);
    return (struct bulla_bytes){at, n};
}

/* One transaction: a put, or several writes, now and then given up. */
static inline enum bulla_status model_change(struct model *model, struct bulla_zones *zones, struct random *random)
{
    unsigned zone, writes = (unsigned)random_below(random, 5);
    uint16_t offset;
    enum bulla_status status = BULLA_OK;
    bool give_up = writes > 0 && random_below(random, 4) == 0;
    model->unsure = true;
    if (writes == 0) {
        struct bulla_bytes piece = piece_of(model, random, &zone, &offset);
        status = bulla_zones_put(zones, table[zone].id, offset, piece);
    } else {
        status = bulla_zones_begin(zones);
    }
    for (; writes > 0 && status == BULLA_OK; writes--) {
        struct bulla_bytes piece = piece_of(model, random, &zone, &offset);
        status = bulla_zones_write(zones, table[zone].id, offset, piece);
        if (writes > 1 || status != BULLA_OK)
            continue;
        if (give_up)
            bulla_zones_abort(zones);
        else
            status = bulla_zones_commit(zones);
    }
    if (status != BULLA_OK && status != BULLA_FULL)
        return status;
    assert_false(zones->open);
    if (status == BULLA_OK && !give_up)
        model->now = model->then;
    model->then = model->now; /* FULL takes nothing */
    model->unsure = false;
    return status;
}

#endif
