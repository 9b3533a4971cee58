/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known in memory of a segment that has no indices on disk yet: every row's id, time and seal, found by id or,
 * seal by seal, newest row first.
 *
 *   rows   1 .. n_rows, by row number; each links to the row before it of the same seal
 *   slots  hash of the rows by id      seal_slots  hash of the seals by name
 *
 * About 40 bytes a row. Not locked: the owner does.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "platform/model/journey.h"
#include "platform/store/key.h"

struct index_row {
    struct store_key key;
    int64_t at_ms;     /* event time, or arrival where the message has none */
    uint32_t seal;     /* 1 .. n_seals; 0: there is no such row */
    uint32_t previous; /* row of the same seal, 0: none */
};

struct index_seal {
    char name[MODEL_SEAL_SIZE];
    bool on_disk;              /* its line of the segment's dictionary is durable */
    uint32_t rows, newest_row; /* newest: by row number, the head of the links */
    uint32_t latest_row;       /* the one that tells the present state: by time, where the time can be true */
    int64_t latest_ms, first_ms, last_ms;
};

struct store_index {
    struct index_row *rows; /* [0] is not used */
    uint32_t n_rows, rows_size;
    uint32_t *slots, slots_mask;
    struct index_seal *seals; /* [0] is not used */
    uint32_t n_seals, seals_size;
    uint32_t *seal_slots, seal_slots_mask;
    int64_t first_ms, last_ms; /* of all rows */
};

struct store_index *store_index_new(uint32_t rows); /* room for so many before it has to grow; NULL: out of memory */
void store_index_free(struct store_index *index);

/* Room for `more` rows beyond those present; false: out of memory, nothing changed. */
bool store_index_reserve(struct store_index *index, uint32_t more);

uint32_t store_index_find(const struct store_index *index, struct store_key key); /* row, 0: none */
uint32_t store_index_seal(const struct store_index *index, const char *name);     /* 0: none */
uint32_t store_index_add_seal(struct store_index *index, const char *name);       /* 0: out of memory */

/* Enters row number n (greater than all before; reserved). `lag_ms`: how much later than at_ms it was received. */
void store_index_add(struct store_index *index, uint32_t n, struct store_key key, uint32_t seal, int64_t at_ms, int64_t lag_ms);

struct index_hit {
    int64_t at_ms;
    uint32_t n;
};
/* The rows of a seal with time in [from, until] in ascending order of (time, row). *out is heap. False: out of memory. */
bool store_index_range(const struct store_index *index, uint32_t seal, int64_t from_ms, int64_t until_ms, struct index_hit **out,
                       size_t *n);

/* The time by which a seal's newest state is judged: a clock that is ahead of the arrival is not believed. */
static inline int64_t store_index_latest_ms(int64_t at_ms, int64_t lag_ms)
{
    return lag_ms < 0 ? (int64_t)((uint64_t)at_ms + (uint64_t)lag_ms) : at_ms;
}

#endif
