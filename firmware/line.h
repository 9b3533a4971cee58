/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames out of the bytes of a line, by a frame's own length byte: what transport/stream.c does on hosts.
 */
#ifndef FIRMWARE_LINE_H
#define FIRMWARE_LINE_H

#include "bulla/frame.h"

#define LINE_STALE_MS 300 /* a frame whose rest has not come by then is none */

struct line {
    uint64_t since_ms; /* when the first of them came */
    uint16_t n;
    uint8_t bytes[BULLA_FRAME_MAX];
};

/* The length of the whole frame that now begins at bytes[0], 0: none yet. What is no frame is dropped. Not after a frame that
 * was not dropped. */
size_t line_put(struct line *line, uint8_t byte, uint64_t now_ms);
void line_drop(struct line *line, size_t n);

#endif
