/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/ahead.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_MS 250
#define SLOTS   (AHEAD_WINDOW_MS / SLOT_MS)

struct waiting {
    uint64_t number;
    int64_t put_ms;
    uint32_t rows;
};

struct lane { /* of one partition, in order of number */
    struct waiting *of;
    size_t first, n, size;
    int64_t put_ms;
};

struct slot {
    size_t put, applied; /* rows */
};

struct ahead {
    size_t parcels, rows;
    struct slot slots[SLOTS]; /* the last is slot_of(now_ms) % SLOTS */
    int64_t slot;
    int64_t moved_ms, goes_ms; /* when something was applied last, 0: never; since when that goes on */
    int64_t timely_ms;         /* when no more than an eighth of the partitions was late last */
    int64_t looked_ms;
    struct ahead_view view;
    bool overload;
    int64_t *ages; /* room for all partitions */
    unsigned partitions;
    struct lane lanes[];
};

struct ahead *ahead_new(unsigned partitions)
{
    struct ahead *a = calloc(1, sizeof *a + partitions * sizeof a->lanes[0]);
    if (!a)
        return NULL;
    a->partitions = partitions;
    a->ages = calloc(partitions, sizeof *a->ages);
    if (!a->ages) {
        free(a);
        return NULL;
    }
    return a;
}

void ahead_free(struct ahead *a)
{
    for (unsigned i = 0; a && i < a->partitions; i++)
        free(a->lanes[i].of);
    if (a)
        free(a->ages);
    free(a);
}

/* The slot of now; those passed over since are empty. A clock that was set back starts the window anew. */
static struct slot *slot_at(struct ahead *a, int64_t now_ms)
{
    int64_t slot = now_ms / SLOT_MS, since = slot - a->slot;
    if (since < 0 || since >= SLOTS)
        memset(a->slots, 0, sizeof a->slots);
    else
        while (a->slot < slot)
            a->slots[++a->slot % SLOTS] = (struct slot){0, 0};
    a->slot = slot;
    return &a->slots[slot % SLOTS];
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

void ahead_put(struct ahead *a, unsigned partition, uint64_t number, uint32_t rows, int64_t now_ms)
{
    if (partition >= a->partitions)
        return;
    struct lane *l = &a->lanes[partition];
    slot_at(a, now_ms)->put += rows;
    l->put_ms = now_ms;
    a->rows += rows;
    struct waiting *last = l->n ? &l->of[l->first + l->n - 1] : NULL;
    if (last && (now_ms - last->put_ms < AHEAD_TOGETHER_MS || a->parcels >= AHEAD_PARCELS_MOST || !has_room(l))) {
        l->of[l->first + l->n - 1].number = number; /* where it is now */
        l->of[l->first + l->n - 1].rows += rows;
    } else if (last || has_room(l)) {
        l->of[l->first + l->n++] = (struct waiting){number, now_ms, rows};
        a->parcels++;
    } else {
        a->rows -= rows;
    }
}

void ahead_applied(struct ahead *a, unsigned partition, uint64_t number, int64_t now_ms)
{
    if (partition >= a->partitions)
        return;
    struct lane *l = &a->lanes[partition];
    struct slot *slot = slot_at(a, now_ms);
    size_t before = a->parcels;
    for (; l->n > 0 && l->of[l->first].number <= number; l->n--, l->first++) {
        slot->applied += l->of[l->first].rows;
        a->rows -= l->of[l->first].rows;
        a->parcels--;
    }
    if (l->n == 0)
        l->first = 0;
    if (a->parcels == before)
        return;
    if (now_ms - a->moved_ms > AHEAD_STANDS_MS || now_ms < a->moved_ms)
        a->goes_ms = now_ms;
    a->moved_ms = now_ms;
}

static int by_age(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

/* How old the oldest parcel of each partition in use is, in order of age. Returns how many there are. */
static size_t find_ages(struct ahead *a, int64_t now_ms)
{
    size_t n = 0;
    for (unsigned i = 0; i < a->partitions; i++) {
        const struct lane *l = &a->lanes[i];
        if (l->n)
            a->ages[n++] = now_ms - l->of[l->first].put_ms;
        else if (l->put_ms && now_ms - l->put_ms < AHEAD_USED_MS)
            a->ages[n++] = 0;
    }
    qsort(a->ages, n, sizeof *a->ages, by_age);
    return n;
}

static struct slot window(struct ahead *a, int64_t now_ms)
{
    struct slot all = {0, 0};
    slot_at(a, now_ms);
    for (int i = 0; i < SLOTS; i++) {
        all.put += a->slots[i].put;
        all.applied += a->slots[i].applied;
    }
    return all;
}

static void judge(struct ahead *a, size_t n, const struct slot *all, int64_t now_ms)
{
    bool goes = a->moved_ms - a->goes_ms >= AHEAD_GOES_MS, gains = all->applied >= all->put;
    int64_t most = n ? a->ages[n / 4] : 0, some = n ? a->ages[n - 1 - n / 8] : 0;
    if (some <= AHEAD_LATE_MS || now_ms < a->timely_ms)
        a->timely_ms = now_ms;
    if (some < AHEAD_CALM_MS)
        a->overload = false;
    else if (goes && !gains && (most > AHEAD_LATE_MS || now_ms - a->timely_ms > AHEAD_LASTS_MS))
        a->overload = true;
}

struct ahead_view ahead_look(struct ahead *a, int64_t now_ms)
{
    if (a->looked_ms && now_ms >= a->looked_ms && now_ms - a->looked_ms < AHEAD_LOOK_MS) {
        a->view.rows = a->rows;
        return a->view;
    }
    a->looked_ms = now_ms;
    struct slot all = window(a, now_ms);
    bool moves = a->moved_ms && now_ms - a->moved_ms < AHEAD_STANDS_MS;
    size_t n = moves ? find_ages(a, now_ms) : 0;
    judge(a, n, &all, now_ms);
    a->view = (struct ahead_view){.rows = a->rows, .lag_ms = n ? a->ages[n / 2] : 0};
    if (a->overload) {
        size_t takes = all.applied * AHEAD_WAIT_MS / AHEAD_WINDOW_MS;
        a->view.most = takes > AHEAD_ROWS_LEAST ? takes : AHEAD_ROWS_LEAST;
    }
    return a->view;
}
