/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/line.h"

#define FRAME_FIRST 0x40

void line_drop(struct line *line, size_t n)
{
    line->n = (uint16_t)(line->n - n);
    bulla_move(line->bytes, line->bytes + n, line->n);
}

static size_t length(const struct line *line)
{
    return bulla_frame_length((struct bulla_bytes){line->bytes, line->n}, false);
}

static void drop_noise(struct line *line)
{
    while (line->n && line->bytes[0] != FRAME_FIRST)
        line_drop(line, 1);
}

size_t line_put(struct line *line, uint8_t byte, uint64_t now_ms)
{
    if (line->n == sizeof line->bytes || (line->n && now_ms - line->since_ms > LINE_STALE_MS))
        line->n = 0;
    if (line->n == 0)
        line->since_ms = now_ms;
    line->bytes[line->n++] = byte;
    drop_noise(line);
    size_t n = length(line);
    return n && n <= line->n ? n : 0;
}
