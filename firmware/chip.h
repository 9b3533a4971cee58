/* SPDX-License-Identifier: Apache-2.0
 *
 * Where on the chip the seal keeps what: the same places as `bulla seal run` has in its file, and behind them the page that its maker
 * wrote. Sectors of 4096 bytes.
 */
#ifndef FIRMWARE_CHIP_H
#define FIRMWARE_CHIP_H

#include "bulla/seal.h"

/* clang-format off */
#define CHIP_TABLE(X) /* area, first sector, sectors */ \
    X(LOG,     0,  8)                                   \
    X(ZONES,   8,  4)                                   \
    X(FILES,   12, 16)                                  \
    X(BODY,    28, 1) /* of the board: what is mechanical */ \
    X(FACTORY, 29, 1) /* written once, by the maker */

#define FACTORY_TABLE(X) /* field, offset, bytes, meaning; numbers are big-endian */ \
    X(FORM,    0,  4, "BLF1")                                                        \
    X(PROFILE, 4,  1, "enum bulla_profile")                                          \
    X(PROVEN,  5,  1, "1: it gets keys; bare frames change nothing")                 \
    X(MAKER,   6,  2, "its address")                                                 \
    X(SERIAL,  8,  4, "its address")                                                 \
    X(MODEL,   12, 4, "the maker's number")                                          \
    X(ALPHA,   16, 4, "letters of the seal number, zeros behind")                    \
    X(CHECK,   20, 4, "CRC-32 of the bytes before")
/* clang-format on */

#define CHIP_SECTOR  4096
#define CHIP_SECTORS 30

enum chip_area {
#define X(name, first, n) CHIP_##name##_FIRST = first, CHIP_##name##_N = n,
    CHIP_TABLE(X)
#undef X
};

/* What the maker wrote. False: the page is blank, or damaged, or of no profile. */
bool chip_factory(const struct bulla_flash *chip, struct bulla_seal_make *make);

#endif
