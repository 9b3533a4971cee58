// SPDX-License-Identifier: Apache-2.0
// The index of an open segment in memory.

#include "platform/store/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t power_of_two(uint64_t at_least)
{
    uint32_t size = 64;
    while (size < at_least && size < UINT32_C(1) << 31) {
        size <<= 1;
    }
    return size;
}

static uint64_t hash_name(const char *name)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (; *name; name++) {
        h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001B3);
    }
    return h ^ h >> 32;
}

static uint32_t slot_of(const struct store_index *index, struct store_key key)
{
    uint32_t slot = (uint32_t)(key.b ^ key.a >> 7) & index->slots_mask;
    while (index->slots[slot] && !store_key_is(index->rows[index->slots[slot]].key, key)) {
        slot = (slot + 1) & index->slots_mask;
    }
    return slot;
}

static uint32_t seal_slot_of(const struct store_index *index, const char *name)
{
    uint32_t slot = (uint32_t)hash_name(name) & index->seal_slots_mask;
    while (index->seal_slots[slot] && strcmp(index->seals[index->seal_slots[slot]].name, name) != 0) {
        slot = (slot + 1) & index->seal_slots_mask;
    }
    return slot;
}

static bool hash_rows(struct store_index *index, uint32_t slots)
{
    uint32_t *fresh = calloc(slots, sizeof *fresh);
    if (!fresh) {
        return false;
    }
    free(index->slots);
    index->slots = fresh;
    index->slots_mask = slots - 1;
    for (uint32_t n = 1; n <= index->n_rows; n++) {
        if (index->rows[n].seal) {
            index->slots[slot_of(index, index->rows[n].key)] = n;
        }
    }
    return true;
}

static bool hash_seals(struct store_index *index, uint32_t slots)
{
    uint32_t *fresh = calloc(slots, sizeof *fresh);
    if (!fresh) {
        return false;
    }
    free(index->seal_slots);
    index->seal_slots = fresh;
    index->seal_slots_mask = slots - 1;
    for (uint32_t n = 1; n <= index->n_seals; n++) {
        index->seal_slots[seal_slot_of(index, index->seals[n].name)] = n;
    }
    return true;
}

struct store_index *store_index_new(uint32_t rows)
{
    struct store_index *index = calloc(1, sizeof *index);
    if (!index) {
        return NULL;
    }
    index->first_ms = INT64_MAX;
    index->last_ms = INT64_MIN;
    index->seals_size = 64;
    index->seals = malloc(index->seals_size * sizeof *index->seals);
    if (!index->seals || !hash_seals(index, 128) || !store_index_reserve(index, rows)) {
        store_index_free(index);
        return NULL;
    }
    return index;
}

void store_index_free(struct store_index *index)
{
    if (index) {
        free(index->rows);
        free(index->slots);
        free(index->seals);
        free(index->seal_slots);
        free(index);
    }
}

bool store_index_reserve(struct store_index *index, uint32_t more)
{
    uint64_t needed = (uint64_t)index->n_rows + more + 1;
    if (needed <= index->rows_size) {
        return true;
    }
    uint64_t size = needed > index->rows_size + index->rows_size / 2 ? needed : index->rows_size + index->rows_size / 2;
    if (size > UINT32_C(1) << 30) {
        return false;
    }
    struct index_row *rows = realloc(index->rows, size * sizeof *rows);
    if (!rows) {
        return false;
    }
    index->rows = rows;
    index->rows_size = (uint32_t)size;
    return size * 4 / 3 <= index->slots_mask || hash_rows(index, power_of_two(size * 3 / 2));
}

uint32_t store_index_find(const struct store_index *index, struct store_key key)
{
    return index->slots[slot_of(index, key)];
}

uint32_t store_index_seal(const struct store_index *index, const char *name)
{
    return index->seal_slots[seal_slot_of(index, name)];
}

static bool grow_seals(struct store_index *index)
{
    if (index->n_seals + 1 < index->seals_size) {
        return true;
    }
    struct index_seal *seals = realloc(index->seals, 2 * (size_t)index->seals_size * sizeof *seals);
    if (!seals) {
        return false;
    }
    index->seals = seals;
    if (!hash_seals(index, 4 * index->seals_size)) {
        return false;
    }
    index->seals_size *= 2;
    return true;
}

uint32_t store_index_add_seal(struct store_index *index, const char *name)
{
    if (!grow_seals(index)) {
        return 0;
    }
    uint32_t number = ++index->n_seals;
    struct index_seal *seal = &index->seals[number];
    *seal = (struct index_seal){.latest_ms = INT64_MIN, .first_ms = INT64_MAX, .last_ms = INT64_MIN};
    snprintf(seal->name, sizeof seal->name, "%s", name);
    uint32_t slot = (uint32_t)hash_name(seal->name) & index->seal_slots_mask;
    while (index->seal_slots[slot]) {
        slot = (slot + 1) & index->seal_slots_mask;
    }
    index->seal_slots[slot] = number;
    return number;
}

static void widen(int64_t *first, int64_t *last, int64_t at_ms)
{
    *first = at_ms < *first ? at_ms : *first;
    *last = at_ms > *last ? at_ms : *last;
}

void store_index_add(struct store_index *index, uint32_t n, struct store_key key, uint32_t seal, int64_t at_ms, int64_t lag_ms)
{
    while (index->n_rows + 1 < n) { /* rows that a damaged file has lost */
        index->rows[++index->n_rows] = (struct index_row){0};
    }
    struct index_seal *s = &index->seals[seal];
    index->rows[n] = (struct index_row){key, at_ms, seal, s->newest_row};
    index->n_rows = n;
    index->slots[slot_of(index, key)] = n;
    int64_t latest_ms = store_index_latest_ms(at_ms, lag_ms);
    if (latest_ms >= s->latest_ms) {
        s->latest_ms = latest_ms;
        s->latest_row = n;
    }
    s->newest_row = n;
    s->rows++;
    widen(&s->first_ms, &s->last_ms, at_ms);
    widen(&index->first_ms, &index->last_ms, at_ms);
}

static int by_time(const void *left, const void *right)
{
    const struct index_hit *a = left;
    const struct index_hit *b = right;
    if (a->at_ms != b->at_ms) {
        return a->at_ms < b->at_ms ? -1 : 1;
    }
    return a->n < b->n ? -1 : a->n > b->n;
}

bool store_index_range(const struct store_index *index, uint32_t seal, int64_t from_ms, int64_t until_ms, struct index_hit **out, size_t *n)
{
    const struct index_seal *s = &index->seals[seal];
    struct index_hit *hits = malloc((s->rows + (size_t)1) * sizeof *hits);
    if (!hits) {
        return false;
    }
    size_t count = 0;
    bool sorted = true;
    for (uint32_t row = s->newest_row; row; row = index->rows[row].previous) { /* newest first: filled from the end */
        struct index_hit hit = {index->rows[row].at_ms, row};
        if (hit.at_ms >= from_ms && hit.at_ms <= until_ms) {
            sorted = sorted && (count == 0 || by_time(&hit, &hits[s->rows - count]) < 0);
            hits[s->rows - ++count] = hit;
        }
    }
    memmove(hits, hits + (s->rows - count), count * sizeof *hits);
    if (!sorted) {
        qsort(hits, count, sizeof *hits, by_time);
    }
    *out = hits;
    *n = count;
    return true;
}
