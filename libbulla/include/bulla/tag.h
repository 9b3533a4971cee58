/* SPDX-License-Identifier: Apache-2.0
 *
 * What a passive or semi-active seal has room for: a document number and a licence plate (WCO study report, 7.2),
 * in the 256 bits that small tags offer. The format is ours: six bits a character,
 *
 *   version | document, 0 | plate, 0 | zeros | CRC from 0xFFFF, bits 240 to 255
 *
 * Characters: 1 to 26 A to Z, 27 to 36 the digits, 37 '-', 38 '/', 39 '.', 40 blank. `fault->at` counts bits.
 */
#ifndef BULLA_TAG_H
#define BULLA_TAG_H

#include "bulla/api.h"
#include "bulla/fault.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_TAG_TABLE(X) /* field, name, bits, of them at most so many, meaning */                       \
    X(VERSION,  "version",  4,  1,  "1")                                                                 \
    X(DOCUMENT, "document", 6,  24, "number of a document, 1 to 24 characters; 0 ends it")               \
    X(PLATE,    "plate",    6,  12, "licence plate, 1 to 12 characters; 0 ends it")                      \
    X(CRC,      "crc",      16, 1,  "over all bits before it; zeros between the plate and bit 240")
/* clang-format on */

#define BULLA_TAG_SIZE         32
#define BULLA_TAG_DOCUMENT_MAX 24
#define BULLA_TAG_PLATE_MAX    12

struct bulla_tag {
    char document[BULLA_TAG_DOCUMENT_MAX + 1], plate[BULLA_TAG_PLATE_MAX + 1];
};

/* DAMAGED: the CRC; NOT_MINE: another version; INSANE: a code that is no character, an empty or too long text, bits in the rest. */
enum bulla_status bulla_tag_decode(const uint8_t bytes[BULLA_TAG_SIZE], struct bulla_tag *tag, struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_tag_encode(const struct bulla_tag *tag, uint8_t bytes[BULLA_TAG_SIZE], struct bulla_fault *fault) BULLA_MUST_CHECK;

BULLA_END

#endif
