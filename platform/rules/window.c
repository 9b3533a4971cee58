/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/window.h"

#include <stdlib.h>
#include <string.h>

void window_clear(struct window *window)
{
    for (size_t i = 0; i < window->n; i++)
        entry_clear(&window->entries[i]);
    free(window->entries);
    free(window->seen);
    *window = (struct window){0};
}

/* FNV-1a, then mixed; 0 stands for an empty place. */
static uint64_t hash_of(const char *id)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *id; id++)
        h = (h ^ (uint8_t)*id) * UINT64_C(1099511628211);
    h ^= h >> 32;
    return h ? h : 1;
}

static bool seen_put(uint64_t *seen, size_t capacity, uint64_t hash)
{
    size_t i = hash & (capacity - 1);
    for (; seen[i]; i = (i + 1) & (capacity - 1))
        if (seen[i] == hash)
            return false;
    seen[i] = hash;
    return true;
}

static bool seen_grow(struct window *window)
{
    size_t capacity = window->seen_capacity ? window->seen_capacity * 2 : 64;
    uint64_t *seen = calloc(capacity, sizeof *seen);
    if (!seen)
        return false;
    for (size_t i = 0; i < window->seen_capacity; i++)
        if (window->seen[i])
            seen_put(seen, capacity, window->seen[i]);
    free(window->seen);
    window->seen = seen;
    window->seen_capacity = capacity;
    return true;
}

bool window_note(struct window *window, const char *id)
{
    if (window->n_seen * 4 >= window->seen_capacity * 3 && !seen_grow(window) && window->n_seen + 1 >= window->seen_capacity)
        return true;
    if (!seen_put(window->seen, window->seen_capacity, hash_of(id)))
        return false;
    window->n_seen++;
    return true;
}

size_t window_place(const struct window *window, const struct entry *e)
{
    size_t low = 0, high = window->n;
    if (high && entry_compare(&window->entries[high - 1], e) <= 0)
        return high;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (entry_compare(&window->entries[middle], e) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool window_put(struct window *window, size_t at, const struct entry *e)
{
    if (window->n == window->capacity) {
        size_t capacity = window->capacity + window->capacity / 4 + 16; /* a hundred thousand journeys have one: little to spare */
        struct entry *entries = realloc(window->entries, capacity * sizeof *entries);
        if (!entries)
            return false;
        window->entries = entries;
        window->capacity = capacity;
    }
    memmove(&window->entries[at + 1], &window->entries[at], (window->n - at) * sizeof *window->entries);
    window->entries[at] = *e;
    window->n++;
    return true;
}

void window_take(struct window *window, size_t at)
{
    memmove(&window->entries[at], &window->entries[at + 1], (--window->n - at) * sizeof *window->entries);
}

size_t window_find(const struct window *window, const char *id)
{
    size_t i = 0;
    while (i < window->n && strcmp(window->entries[i].id, id) != 0)
        i++;
    return i;
}

void window_let_go(struct window *window, size_t count)
{
    if (count == 0)
        return;
    window->cut = true;
    for (size_t i = 0; i < count; i++)
        entry_clear(&window->entries[i]);
    window->newest_gone = window->entries[count - 1];
    window->n -= count;
    memmove(window->entries, window->entries + count, window->n * sizeof *window->entries);
}

bool window_too_old(const struct window *window, const struct entry *e)
{
    return window->cut && entry_compare(e, &window->newest_gone) < 0;
}
