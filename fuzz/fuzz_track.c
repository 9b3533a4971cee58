/* SPDX-License-Identifier: Apache-2.0
 *
 * The track block: the input as a block (whatever is read from it must survive being packed again), and the input as fixes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/store/track.h"

enum { FIXES_MOST = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct list {
    struct track_fix fixes[FIXES_MOST];
    size_t n;
};

static void take(void *context, const struct track_fix *fix)
{
    struct list *list = context;
    if (list->n < FIXES_MOST)
        list->fixes[list->n++] = *fix;
}

static void promise(int kept, const char *what, const char *why)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s (%s)\n", what, why);
        abort();
    }
}

static void check_round_trip(const struct list *in)
{
    static struct list out;
    struct track_buffer block = {0};
    char why[96] = "";
    out.n = 0;
    promise(track_encode(track_day(in->fixes[0].at_ms), in->fixes, in->n, &block, why), "fixes of one day are packed", why);
    promise(track_read((struct bulla_bytes){block.at, block.len}, INT64_MIN, INT64_MAX, take, &out, why), "what was packed is read", why);
    promise(out.n == in->n, "all of them", "");
    for (size_t i = 0; i < in->n; i++)
        promise(track_compare(&in->fixes[i], &out.fixes[i]) == 0, "the same", "");
    free(block.at);
}

static int by_time(const void *a, const void *b)
{
    return track_compare(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct list list;
    char why[96];
    list.n = 0;
    bool whole = track_read((struct bulla_bytes){data, n}, INT64_MIN, INT64_MAX, take, &list, why);
    if (whole && list.n > 0 && list.n < FIXES_MOST)
        check_round_trip(&list);
    for (list.n = 0; n >= sizeof *list.fixes; data += sizeof *list.fixes, n -= sizeof *list.fixes) {
        struct track_fix *f = &list.fixes[list.n++];
        memcpy(f, data, sizeof *f);
        f->at_ms = (int64_t)((uint64_t)f->at_ms % (uint64_t)TRACK_DAY_MS);
        f->flags &= 31;
        if (!(f->flags & TRACK_FIX))
            f->lat_e7 = f->lon_e7 = 0;
    }
    if (list.n > 0) {
        qsort(list.fixes, list.n, sizeof *list.fixes, by_time);
        check_round_trip(&list);
    }
    return 0;
}
