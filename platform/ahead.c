/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/ahead.h"

#include <stdlib.h>
#include <string.h>

struct waiting {
    uint64_t number;
    uint32_t rows;
};

struct lane { /* of one partition, in order of number */
    struct waiting *of;
    size_t first, n, size, rows;
    int64_t own_ms; /* when this node applied it last, 0: never */
};

struct ahead {
    size_t parcels;
    unsigned partitions;
    struct lane lanes[];
};

struct ahead *ahead_new(unsigned partitions)
{
    struct ahead *a = calloc(1, sizeof *a + partitions * sizeof a->lanes[0]);
    if (a)
        a->partitions = partitions;
    return a;
}

void ahead_free(struct ahead *a)
{
    for (unsigned i = 0; a && i < a->partitions; i++)
        free(a->lanes[i].of);
    free(a);
}

/* Room for one more at the end: what was applied makes some at the front. */
static bool has_room(struct lane *l)
{
    if (l->first + l->n < l->size)
        return true;
    if (l->first > 0) {
        memmove(l->of, l->of + l->first, l->n * sizeof *l->of);
        l->first = 0;
        return true;
    }
    size_t bigger = l->size ? l->size * 2 : 16;
    struct waiting *grown = realloc(l->of, bigger * sizeof *grown);
    if (!grown)
        return false;
    l->of = grown;
    l->size = bigger;
    return true;
}

void ahead_put(struct ahead *a, unsigned partition, uint64_t number, uint32_t rows)
{
    if (partition >= a->partitions || a->parcels >= AHEAD_PARCELS_MOST || !has_room(&a->lanes[partition]))
        return;
    struct lane *l = &a->lanes[partition];
    l->of[l->first + l->n++] = (struct waiting){number, rows};
    l->rows += rows;
    a->parcels++;
}

void ahead_applied(struct ahead *a, unsigned partition, uint64_t number, bool own, int64_t now_ms)
{
    if (partition >= a->partitions)
        return;
    struct lane *l = &a->lanes[partition];
    for (; l->n > 0 && l->of[l->first].number <= number; l->n--, l->first++) {
        l->rows -= l->of[l->first].rows;
        a->parcels--;
    }
    if (l->n == 0)
        l->first = 0;
    if (own)
        l->own_ms = now_ms;
}

/* Rows in own partitions, and how many partitions those stand for each; where there are none, rows of all. */
static double own_rows(const struct ahead *a, int64_t now_ms, size_t *rows)
{
    unsigned n = 0;
    size_t all = 0;
    *rows = 0;
    for (unsigned i = 0; i < a->partitions; i++) {
        const struct lane *l = &a->lanes[i];
        all += l->rows;
        if (!l->own_ms || now_ms - l->own_ms > AHEAD_OWN_MS)
            continue;
        *rows += l->rows;
        n++;
    }
    if (n == 0)
        *rows = all;
    return n ? (double)a->partitions / n : 1;
}

struct ahead_view ahead_look(const struct ahead *a, size_t fits, int64_t now_ms)
{
    size_t own;
    double scale = own_rows(a, now_ms, &own);
    struct ahead_view v = {(size_t)((double)own * scale), fits ? fits : AHEAD_ROWS_FIRST};
    v.most = v.most < AHEAD_ROWS_LEAST ? AHEAD_ROWS_LEAST : v.most > AHEAD_ROWS_MOST ? AHEAD_ROWS_MOST : v.most;
    return v;
}

void ahead_spent(struct ahead_cost *cost, size_t rows, int64_t took_ms)
{
    if (rows == 0 || took_ms < 0)
        return;
    double weight = cost->rows > 0 ? 0.2 : 1;
    cost->rows += weight * ((double)rows - cost->rows);
    cost->ms += weight * ((double)took_ms - cost->ms);
}

/* All of a transaction's time is its rows': a line through sizes and times tells little where all are alike, and to take a commit for
 * rows is careful. When more rows come together each is cheaper, and more may wait. */
size_t ahead_fits(const struct ahead_cost *cost)
{
    return cost->ms > 0 ? (size_t)(AHEAD_TARGET_MS * cost->rows / cost->ms) : 0;
}
