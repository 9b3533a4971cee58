/* SPDX-License-Identifier: Apache-2.0
 *
 * Bits that a CRC cannot be right with are turned, the least sure ones first, until it is. So much that is wrong fits a CRC of
 * 16 bits by chance that what comes out must also be sane: a block with its identifier, blank spares, letters where letters
 * are and a container number whose check digit is right; or a frame with an order that exists.
 */
#ifndef MODEM_CORRECT_H
#define MODEM_CORRECT_H

#include "bulla/air.h"

#define MODEM_CORRECT_BITS_MAX 4 /* that are turned at most */

enum modem_order { /* of the bits on the air, in each byte */
                   MODEM_ORDER_LSB,
                   MODEM_ORDER_MSB,
                   MODEM_ORDER_PAIRS, /* the most significant one first; what is decided is a level between two bits, and turns both */
};

/* Whether the CRC of these n bytes is right as it stands, from one of the accepted starts: that one, else 0. */
unsigned modem_crc_start(const uint8_t *bytes, size_t n, enum bulla_start accepted);

/* A block of 16 bytes, or a whole frame from or to a seal. soft[] has a number for each bit (or level), in the order on the air without
 * stop bits. Returns how many of these were turned; 0: nothing sane was found, and nothing is changed. Where
 * both starts of the CRC are accepted, what is corrected begins with 0xFFFF. */
unsigned modem_correct_block(uint8_t bytes[BULLA_BLOCK_SIZE], const float *soft, enum bulla_start accepted, enum modem_order order);
unsigned modem_correct_frame(uint8_t *bytes, size_t n, const float *soft, bool from_seal, enum bulla_start accepted,
                             enum modem_order order);

/* The body of a packet (bulla/packet.h), not whitened. It is sane when its length is that of the body, its CRC is right, and what it
 * carries is a block, a chain or a frame, with the CRC of that right too. At most `most` bits (up to MODEM_CORRECT_BITS_MAX) are turned to
 * make it so, two fewer where it carries no block. soft[] is in the order of the bytes, of each the least significant bit first. */
bool modem_sane_packet(const uint8_t *body, size_t n, bool from_seal);
unsigned modem_correct_packet(uint8_t *body, size_t n, const float *soft, bool from_seal, unsigned most);

#endif
