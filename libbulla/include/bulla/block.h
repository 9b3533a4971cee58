/* SPDX-License-Identifier: Apache-2.0
 *
 * The data block of an ISO/DIS 18185 seal: what it says of itself in 128 bits, most significant bit first.
 * The draft contradicts itself: its table 1 sums to 128 bits, its clauses order and size the fields to 120.
 * Both are read; `table` is ours unless told otherwise. BULLA_BLOCK_TABLE below is the layout of both.
 *
 * A chain is the block; when its flag is set the extension block (a random value); when that one's flag is
 * set, free blocks. Each has a CRC of its own over the bits before it, from 0xFFFF or 0x0000 (bulla/crc.h);
 * a decoder says which one it was.
 *
 * Letters have five bits, A = 1 to Z = 26, 0 is blank. Decoding tells what the seal says as long as it can
 * be represented: a wrong check digit is a remark, for an officer has to see it. Encoding refuses it.
 *
 * The reader writes the random value with the container number; the seal clears it when it is tampered
 * with. So "secure" beside a cleared or wrong value is evidence: bulla_block_judge().
 *
 * `fault->at` counts bits from the start of what was given.
 */
#ifndef BULLA_BLOCK_H
#define BULLA_BLOCK_H

#include "bulla/api.h"
#include "bulla/container.h"
#include "bulla/fault.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_BLOCK_TABLE(X) /* field, name, first bit and width in reading `table`, the same in `clauses`, meaning */          \
    X(IDENTIFIER, "identifier", 0,   4,  1,   4,  "always 0001")                                                                \
    X(BATTERY,    "battery",    4,   1,  6,   1,  "1 above the threshold, 0 at or below it")                                    \
    X(STATUS,     "status",     5,   1,  5,   1,  "1 secure, 0 tampered with")                                                  \
    X(MAKER,      "maker",      6,   8,  9,   8,  "manufacturer of the radio component, ISO/TS 14816")                          \
    X(ALPHA,      "alpha",      14,  20, 17,  15, "letters of the seal number, from the left; three in use")                    \
    X(NUMBER,     "number",     34,  28, 32,  28, "digits of the seal number, as one number")                                   \
    X(PREFIX,     "prefix",     62,  20, 60,  20, "container: owner code and category, four letters; all blank for none")       \
    X(SERIAL,     "serial",     82,  24, 80,  24, "container: serial number and check digit, seven digits as one number")       \
    X(EXTENDED,   "extended",   106, 1,  0,   1,  "1: another block follows")                                                   \
    X(SPARE,      "spare",      107, 5,  7,   2,  "0")                                                                          \
    X(CRC,        "crc",        112, 16, 104, 16, "over all bits before it")

#define BULLA_EXTENSION_TABLE(X) /* field, name, first bit, width, meaning */                                                   \
    X(EXTENDED, "extended", 0,   1,  "1: another block follows")                                                                \
    X(RANDOM,   "random",   1,   16, "written by the reader with the container number, cleared by the seal when tampered with") \
    X(SPARE,    "spare",    17,  95, "0")                                                                                       \
    X(CRC,      "crc",      112, 16, "over bits 0 to 111")

#define BULLA_READING_TABLE(X) X(TABLE, 0, "table", 16) X(CLAUSES, 1, "clauses", 15) /* name, number, text, bytes of the block */

#define BULLA_EVIDENCE_TABLE(X) \
    X(SECURE, 0, "secure")                 /* says secure, and the random value is the one that was written */  \
    X(UNPROVEN, 1, "unproven")             /* says secure; there is no random value, or none to compare with */ \
    X(TAMPERED, 2, "tampered")             /* says tampered with */                                             \
    X(RANDOM_CLEARED, 3, "random-cleared") /* says secure, but cleared its random value as a tampered one does */ \
    X(RANDOM_WRONG, 4, "random-wrong")     /* says secure, but its random value is not the one that was written */ \
    X(RANDOM_KEPT, 5, "random-kept")       /* says tampered with, but kept its random value, as no honest seal does */
/* clang-format on */

enum bulla_reading {
#define X(name, number, text, size) BULLA_READING_##name = number,
    BULLA_READING_TABLE(X)
#undef X
};

enum bulla_evidence {
#define X(name, number, text) BULLA_EVIDENCE_##name = number,
    BULLA_EVIDENCE_TABLE(X)
#undef X
};

enum bulla_start { /* bits: what a decoder accepts, and which one it found */
                   BULLA_START_FFFF = 1,
                   BULLA_START_0000 = 2,
                   BULLA_START_ANY = 3,
};

#define BULLA_BLOCK_SIZE       16 /* of every block in the reading `table` */
#define BULLA_BLOCK_PAYLOAD    14 /* what lies before the CRC of an extension or free block */
#define BULLA_BLOCK_NUMBER_MAX ((UINT32_C(1) << 28) - 1)
#define BULLA_CHAIN_FREE_MAX   6
#define BULLA_CHAIN_SIZE       (BULLA_BLOCK_SIZE * (2 + BULLA_CHAIN_FREE_MAX))

struct bulla_block {
    uint8_t reading, start; /* enum bulla_reading; BULLA_START_FFFF or BULLA_START_0000 */
    bool battery_good, secure, extended;
    uint8_t maker, spare;
    char alpha[5];
    uint32_t number;
    char container[BULLA_CONTAINER_LENGTH + 1]; /* "" for none */
};

struct bulla_extension {
    bool extended;
    uint16_t random;
    uint8_t spare[12]; /* 95 bits, the first bit of the first byte is none of them */
};

struct bulla_free {
    bool extended;
    uint8_t bits[BULLA_BLOCK_PAYLOAD]; /* 111 bits, the first bit of the first byte is none of them */
};

struct bulla_chain {
    struct bulla_block block;
    struct bulla_extension extension; /* counts when block.extended */
    uint8_t n_free;                   /* the flags say the same */
    struct bulla_free free[BULLA_CHAIN_FREE_MAX];
};

enum bulla_block_remark { /* bits; what a decoded block has that an encoder would refuse, or that is unusual */
                          BULLA_BLOCK_SPARE_SET = 1u << 0,
                          BULLA_BLOCK_FOUR_LETTERS = 1u << 1,
                          BULLA_BLOCK_CONTAINER_WRONG = 1u << 2, /* no ISO 6346 number: see bulla_container_decode() */
                          BULLA_BLOCK_NO_CONTAINER = 1u << 3,
};

/* How many bytes the first block has in that reading. */
size_t bulla_block_size(enum bulla_reading reading);

/* MORE: too few bytes; DAMAGED: too many, or the CRC; NOT_MINE: another identifier; INSANE: a field. */
enum bulla_status bulla_block_decode(struct bulla_bytes bytes, enum bulla_reading reading, enum bulla_start accepted,
                                     struct bulla_block *block, struct bulla_fault *fault) BULLA_MUST_CHECK;

/* Writes bulla_block_size() bytes. REFUSED: a value that the field cannot hold or must not have. */
enum bulla_status bulla_block_encode(const struct bulla_block *block, uint8_t bytes[BULLA_BLOCK_SIZE],
                                     struct bulla_fault *fault) BULLA_MUST_CHECK;

unsigned bulla_block_remarks(const struct bulla_block *block);

/* The block and all that follows it. FULL: more free blocks than a chain holds. Encoding sets *n. */
enum bulla_status bulla_chain_decode(struct bulla_bytes bytes, enum bulla_reading reading, enum bulla_start accepted,
                                     struct bulla_chain *chain, struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_chain_encode(const struct bulla_chain *chain, uint8_t bytes[BULLA_CHAIN_SIZE], size_t *n,
                                     struct bulla_fault *fault) BULLA_MUST_CHECK;

/* What a seal does to itself when it finds that it is tampered with. `extension` may be NULL. */
void bulla_block_tamper(struct bulla_block *block, struct bulla_extension *extension);

#define BULLA_RANDOM_UNKNOWN (-1)

/* `written` is the random value that the reader wrote, or BULLA_RANDOM_UNKNOWN. `extension` may be NULL. */
enum bulla_evidence bulla_block_judge(const struct bulla_block *block, const struct bulla_extension *extension, int32_t written);

const char *bulla_reading_text(unsigned reading);
int bulla_reading_from(const char *text); /* -1: none */
const char *bulla_evidence_text(unsigned evidence);

BULLA_END

#endif
