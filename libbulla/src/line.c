/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/line.h"

unsigned bulla_line_put(struct bulla_line *line, unsigned bit)
{
    unsigned first = bit, second = bit; /* NRZ */
    if (line->code == BULLA_LINE_MANCHESTER) {
        first = !bit;
    } else if (line->code == BULLA_LINE_FM0) {
        first = !line->level;
        second = bit ? first : !first;
    }
    line->level = (uint8_t)second;
    return first << 1 | second;
}

int bulla_line_get(struct bulla_line *line, unsigned halves)
{
    unsigned first = halves >> 1, second = halves & 1u, before = line->level;
    line->level = (uint8_t)second;
    switch (line->code) {
    case BULLA_LINE_MANCHESTER:
        return first == second ? BULLA_LINE_VIOLATION : (int)second;
    case BULLA_LINE_FM0:
        return first == before ? BULLA_LINE_VIOLATION : first == second;
    default:
        return first != second ? BULLA_LINE_VIOLATION : (int)second;
    }
}

const char *bulla_line_text(unsigned code)
{
    static const char *const texts[] = {
#define X(name, number, text) [number] = text,
        BULLA_LINE_TABLE(X)
#undef X
    };
    return code < sizeof texts / sizeof *texts ? texts[code] : "unknown";
}
