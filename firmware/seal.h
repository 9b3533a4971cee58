/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal of this firmware: libbulla's runtime over the board, its line to readers, and what a bench may do to it.
 */
#ifndef FIRMWARE_SEAL_H
#define FIRMWARE_SEAL_H

#include "bulla/cursor.h"
#include "bulla/seal.h"

struct firmware {
    struct bulla_seal seal;
    struct board_readings {
        unsigned battery;      /* percent */
        int32_t celsius_milli; /* BULLA_NO_TEMPERATURE: not known */
    } readings;
    uint32_t told;    /* events that the bench was told of */
    uint64_t send_ms; /* running time when the answer that waits is due */
    bool off;         /* power was lost: it does nothing any more */
};

/* What has changed since the last time goes to the bench. */
void seal_tell(struct firmware *firmware);

/* A byte from the bench; at the end of a line its word is done. Words are those of `bulla seal run`, and:
 *   stack         stack SIZE USED
 *   worked        worked BYTES, that were programmed or erased since the start
 *   cut-after N   power goes inside the flash, N bytes from now: a start without warning
 * Each is answered by "ok", or "error" and why; numbers are whole, temperature and limits in thousandths. */
void bench_take(struct firmware *firmware, uint8_t byte);

/* A line of up to three words, then a number. */
void bench_say(const char *word, const char *second, const char *third);
void bench_say_number(const char *word, uint32_t number, uint32_t second);

#endif
