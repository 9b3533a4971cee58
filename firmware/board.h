/* SPDX-License-Identifier: Apache-2.0
 *
 * What the firmware needs of a machine. Whoever builds a seal writes these functions for its chip (docs/firmware.md); all above
 * them is the same on each. firmware/mps2/ is the board for mps2-an385, which qemu plays.
 *
 * One thread. Interrupts only fill what board_take() empties, and end board_idle().
 */
#ifndef FIRMWARE_BOARD_H
#define FIRMWARE_BOARD_H

#include "bulla/clock.h"
#include "bulla/flash.h"

enum board_line {
    BOARD_LINK,  /* to readers: radio or wire, by whatever finds a frame's bytes */
    BOARD_BENCH, /* to a bench: what happens to the seal comes as words; a product has none */
    BOARD_LINES
};

struct board_body { /* what is mechanical: it stays as it is when power goes */
    bool out, locked;
};

void board_init(void);

/* The crystal, counted; wraps. */
extern const struct bulla_crystal board_crystal;
uint32_t board_now(void);

/* Sleeps until there is something to take, or some milliseconds went by. */
void board_idle(void);

/* The next byte that came; false: there is none. */
bool board_take(enum board_line line, uint8_t *byte);
void board_put(enum board_line line, struct bulla_bytes bytes);

/* False: no entropy; `to` is of no use. */
bool board_random(void *context, uint8_t *to, size_t n);

/* The whole chip. */
extern const struct bulla_flash board_flash;

struct board_body board_body_get(void);
void board_body_put(struct board_body body);

/* Bench: power goes inside the flash after `bytes` more were programmed or erased. UINT32_MAX: it stays. */
void board_cut_after(uint32_t bytes);
uint32_t board_worked(void); /* bytes that were programmed or erased since the start */

/* Of the stack, from what startup painted: its size, and how much was ever used. */
uint32_t board_stack_size(void);
uint32_t board_stack_used(void);

_Noreturn void board_reset(void);

#endif
