/* SPDX-License-Identifier: Apache-2.0
 *
 * Line codes: how a bit becomes two half bits on the air, and what two half bits say. A half bit is a level, 1 high
 * or 0 low (which tone or which amplitude that is, the link says: bulla/air.h).
 *
 *   Manchester  one is low, high; zero is high, low. Both halves alike: a violation
 *   FM0         the level changes at the beginning of every bit, and in the middle of a zero. No change at the
 *               beginning: a violation, which preambles use as a mark
 *   NRZ         a bit is one level for all of its time. Halves that differ: a violation
 *
 * Two half bits are a number from 0 to 3: the first one counts 2, the second one 1.
 */
#ifndef BULLA_LINE_H
#define BULLA_LINE_H

#include "bulla/api.h"
#include "bulla/bytes.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_LINE_TABLE(X) X(MANCHESTER, 0, "manchester") X(FM0, 1, "fm0") X(NRZ, 2, "nrz")
/* clang-format on */

enum bulla_line_code {
#define X(name, number, text) BULLA_LINE_##name = number,
    BULLA_LINE_TABLE(X)
#undef X
};

#define BULLA_LINE_VIOLATION (-1)

/* One direction of one transmission. Begins as {code, level before the first bit}. */
struct bulla_line {
    uint8_t code;  /* enum bulla_line_code */
    uint8_t level; /* of the last half bit, 0 or 1 */
};

/* The two half bits of the next bit (0 or 1). */
unsigned bulla_line_put(struct bulla_line *line, unsigned bit);

/* The bit that two half bits (0 to 3) say, or BULLA_LINE_VIOLATION; the next ones can be read after either. */
int bulla_line_get(struct bulla_line *line, unsigned halves);

const char *bulla_line_text(unsigned code);

BULLA_END

#endif
