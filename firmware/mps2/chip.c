/* SPDX-License-Identifier: Apache-2.0
 *
 * A flash chip in a memory that stays when power goes, with the habits of NOR flash: programming only clears bits, erasing goes by
 * sectors, both take their time, and power may go in the middle of either, even of a byte.
 */
#include "firmware/chip.h"

#include "firmware/board.h"
#include "firmware/mps2/mps2.h"

#define WORD_US  60    /* of programming 8 bytes */
#define ERASE_US 20000 /* of a sector */
#define PIECE    256   /* bytes of a sector that are erased at a time */
#define LOCKED   1     /* body: the second byte; the first: 1 out, 0 in */

static uint32_t worked, cut_at = UINT32_MAX;

static void wait_us(uint32_t us)
{
    uint32_t from = board_now(), counts = us / (1000000 / board_crystal.hz) + 1;
    while ((uint32_t)(board_now() - from) < counts)
        ;
}

/* One more byte. When power goes here, some bits of it have changed. */
static void change(uint32_t at, uint8_t to)
{
    if (worked >= cut_at) {
        MPS2_CHIP[at] = (uint8_t)((MPS2_CHIP[at] & 0xA5) | (to & 0x5A));
        board_reset();
    }
    MPS2_CHIP[at] = to;
    worked++;
}

static bool chip_read(void *context, uint32_t at, uint8_t *to, uint32_t n)
{
    (void)context;
    for (uint32_t i = 0; i < n; i++)
        to[i] = MPS2_CHIP[at + i];
    return true;
}

static bool chip_program(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    (void)context;
    for (uint32_t i = 0; i < n; i++) {
        if (i % BULLA_FLASH_WORD == 0)
            wait_us(WORD_US);
        change(at + i, MPS2_CHIP[at + i] & from[i]);
    }
    return true;
}

static bool chip_erase(void *context, uint32_t sector)
{
    (void)context;
    for (uint32_t i = 0; i < CHIP_SECTOR; i++) {
        if (i % PIECE == 0)
            wait_us(ERASE_US / (CHIP_SECTOR / PIECE));
        change(sector * CHIP_SECTOR + i, BULLA_FLASH_ERASED);
    }
    return true;
}

static const struct bulla_flash_ops ops = {chip_read, chip_program, chip_erase};

const struct bulla_flash board_flash = {&ops, NULL, CHIP_SECTOR, 0, CHIP_SECTORS};

void board_cut_after(uint32_t bytes)
{
    cut_at = worked + bytes;
}

uint32_t board_worked(void)
{
    return worked;
}

/* ---- what is mechanical: no flash, but kept in the same file ---- */

struct board_body board_body_get(void)
{
    const volatile uint8_t *body = MPS2_CHIP + CHIP_BODY_FIRST * CHIP_SECTOR;
    return (struct board_body){body[0], body[LOCKED]};
}

void board_body_put(struct board_body body)
{
    volatile uint8_t *at = MPS2_CHIP + CHIP_BODY_FIRST * CHIP_SECTOR;
    at[0] = body.out;
    at[LOCKED] = body.locked;
}
