/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-32 of what a seal keeps in flash (polynomial 0x04C11DB7, reflected, inverted at both ends: "123456789"
 * gives 0xCBF43926). Start with 0; the CRC of a part is the start of the next part.
 */
#ifndef BULLA_CRC32_H
#define BULLA_CRC32_H

#include "bulla/api.h"
#include "bulla/bytes.h"

BULLA_BEGIN

uint32_t bulla_crc32(uint32_t crc, struct bulla_bytes bytes);

BULLA_END

#endif
