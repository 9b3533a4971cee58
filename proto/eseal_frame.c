/* SPDX-License-Identifier: Apache-2.0
 *
 * eSeal CT-C: where a message is in the stream: from "##S," to ",E##", on one line, at most ESEAL_LINE_MAX.
 */
#include "proto/eseal.h"
#include "proto/field.h"

enum bulla_status eseal_probe(const uint8_t *at, size_t n)
{
    return proto_probe_mark(ESEAL_MARK, at, n);
}

/* Where the mark begins, or where it may begin in the last bytes; n when neither. */
static size_t find_mark(const uint8_t *at, size_t from, size_t n)
{
    for (size_t i = from; i < n; i++) {
        if (at[i] == '#' && eseal_probe(at + i, n - i) != BULLA_NOT_MINE) {
            return i;
        }
    }
    return n;
}

enum ending { ENDS, BROKEN, OPEN };

/* How the line that starts at at[0] ends. A line break or a new mark before its end breaks it off; what
 * follows may be whole. *len is the length of the message, or of what is lost. */
static enum ending find_end(const uint8_t *at, size_t n, size_t *len)
{
    size_t limit = n < ESEAL_LINE_MAX ? n : ESEAL_LINE_MAX;
    for (size_t i = ESEAL_MARK_LEN; i < limit; i++) {
        if (at[i] == '\n') {
            *len = i + 1;
            return BROKEN;
        }
        if (at[i] != '#') {
            continue;
        }
        if (i + 1 >= limit) {
            break;
        }
        if (at[i + 1] == '#' && at[i - 1] == 'E' && at[i - 2] == ',') {
            *len = i + 2;
            return ENDS;
        }
        if (i + ESEAL_MARK_LEN > n) {
            break; /* a mark, or not: the next bytes tell */
        }
        if (bulla_compare(at + i, ESEAL_MARK, ESEAL_MARK_LEN) == 0) {
            *len = i;
            return BROKEN;
        }
    }
    *len = ESEAL_MARK_LEN;
    return n >= ESEAL_LINE_MAX + ESEAL_MARK_LEN ? BROKEN : OPEN;
}

enum bulla_status eseal_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    size_t start = find_mark(at, 0, n);
    while (start < n) {
        size_t len = 0;
        enum ending ending = n - start < ESEAL_MARK_LEN ? OPEN : find_end(at + start, n - start, &len);
        if (ending != BROKEN) {
            *frame = (struct proto_frame){start, ending == ENDS ? len : 0};
            return ending == ENDS ? BULLA_OK : BULLA_MORE;
        }
        start = find_mark(at, start + len, n);
    }
    *frame = (struct proto_frame){n, 0};
    return BULLA_MORE;
}
