// SPDX-License-Identifier: Apache-2.0
// What the lists of every back end share: where a page begins and ends, and which filters and words it is asked for.

#include "platform/store/record.h"
#include "platform/store/store_backend.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_DEFAULT = 100, LIMIT_MOST = 1000, TIME_BITS = 42 };

int64_t record_position(int64_t time_ms)
{
    int64_t most = (INT64_C(1) << TIME_BITS) - 1;
    return (time_ms < 0 ? 0 : time_ms > most ? most : time_ms) << RECORD_POSITION_BITS;
}

static int read_after(const char *after, int64_t *position)
{
    char *end = NULL;
    *position = INT64_MAX;
    if (!*after) {
        return 0;
    }
    unsigned long long number = after[0] == 'p' && isxdigit((unsigned char)after[1]) ? strtoull(after + 1, &end, 16) : 0;
    if (!end || *end || number == 0 || number > INT64_MAX) {
        return store_fail(STORE_FAILED, "after: expected a position that a page gave, got %s", after);
    }
    *position = (int64_t)number - 1;
    return 0;
}

void record_page_next(char next[120], int64_t last)
{
    snprintf(next, 120, "p%llx", (unsigned long long)last);
}

int record_page_read(const struct record_table *table, const struct store_query *q, struct record_page *out)
{
    const char *unknown = record_query_unknown(table, q);
    if (unknown) {
        return store_fail(STORE_FAILED, "%s: the list of %s has no such filter", unknown, table->noun);
    }
    out->from = 0;
    int outcome = read_after(q->after, &out->until);
    if (outcome) {
        return outcome;
    }
    if ((q->from_ms || q->until_ms) && table->time != RECORD_NONE) {
        int64_t last = q->until_ms ? record_position(q->until_ms) | ((INT64_C(1) << RECORD_POSITION_BITS) - 1) : INT64_MAX;
        out->from = record_position(q->from_ms);
        out->until = out->until < last ? out->until : last;
    }
    out->limit = q->limit == 0 ? LIMIT_DEFAULT : q->limit > LIMIT_MOST ? LIMIT_MOST : q->limit;
    return 0;
}

bool record_filter_is_set(const struct record_filter *filter, const struct store_query *q)
{
    return filter->offset == offsetof(struct store_query, grade) ? q->grade != 0 : *((const char *)q + filter->offset) != '\0';
}

size_t record_characters(const char *word, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += ((unsigned char)word[i] & 0xC0) != 0x80;
    }
    return count;
}
