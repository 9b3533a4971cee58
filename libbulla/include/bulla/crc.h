/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-16 of seals: polynomial x^16 + x^12 + x^5 + 1, most significant bit first, no reflection, no final
 * inversion. ISO/DIS 18185 leaves the start value open: 0xFFFF is ours unless told otherwise ("123456789"
 * gives 0x29B1), 0x0000 is the other reading (0x31C3).
 *
 * Because nothing is done at the end, the CRC of a part is the start value of the next part: the whole of
 * several pieces is bulla_crc16(bulla_crc16(start, first), second).
 */
#ifndef BULLA_CRC_H
#define BULLA_CRC_H

#include "bulla/api.h"
#include "bulla/bytes.h"

BULLA_BEGIN

#define BULLA_CRC_FFFF UINT16_C(0xFFFF)
#define BULLA_CRC_0000 UINT16_C(0x0000)

uint16_t bulla_crc16(uint16_t start, struct bulla_bytes bytes);

/* The same for a message that comes bit by bit (a receiver that decides on each): one bit, 0 or 1. */
static inline uint16_t bulla_crc16_bit(uint16_t crc, unsigned bit)
{
    unsigned top = (crc >> 15 ^ bit) & 1u;
    return (uint16_t)((unsigned)crc << 1 ^ (top ? 0x1021u : 0u));
}

BULLA_END

#endif
