/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/tag.h"

#include "bulla/bits.h"
#include "bulla/crc.h"

#define VERSION   1
#define CRC_BYTES 2
#define CRC_AT    (8 * (BULLA_TAG_SIZE - CRC_BYTES))

enum { /* of the table */
#define X(field, name, bits, most, meaning) field##_BITS = (bits), field##_MOST = (most),
       BULLA_TAG_TABLE(X)
#undef X
           CODE_BITS = DOCUMENT_BITS
};

_Static_assert((int)DOCUMENT_MOST == BULLA_TAG_DOCUMENT_MAX && (int)PLATE_MOST == BULLA_TAG_PLATE_MAX, "one length");
_Static_assert((int)PLATE_BITS == CODE_BITS && (int)CRC_BITS == 8 * CRC_BYTES, "one alphabet, and the CRC at the end");

/* The two texts with their ends always leave room for the CRC. */
_Static_assert(VERSION_BITS + CODE_BITS * (BULLA_TAG_DOCUMENT_MAX + BULLA_TAG_PLATE_MAX + 2) <= CRC_AT, "a tag is large enough");

static const char alphabet[] = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/. "; /* a character's code is its place; 0 ends a text */
#define CODES (sizeof alphabet - 1)

static unsigned code_of(char c)
{
    unsigned code = 1;
    while (code < CODES && alphabet[code] != c)
        code++;
    return code;
}

static bool text_put(struct bulla_bit_writer *w, const char *text, size_t most)
{
    size_t n = 0;
    for (; n <= most && text[n]; n++) {
        unsigned code = code_of(text[n]);
        if (code == CODES)
            return false;
        bulla_bit_writer_put(w, CODE_BITS, code);
    }
    bulla_bit_writer_put(w, CODE_BITS, 0);
    return n > 0 && n <= most;
}

/* Into most + 1 characters. */
static bool text_get(struct bulla_bit_reader *r, char *text, size_t most)
{
    for (size_t n = 0; n <= most; n++) {
        uint64_t code = bulla_bit_reader_get(r, CODE_BITS);
        if (code >= CODES)
            return false;
        text[n] = alphabet[code];
        if (code == 0)
            return n > 0;
    }
    return false;
}

static uint16_t crc_of(const uint8_t *bytes)
{
    return bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, BULLA_TAG_SIZE - CRC_BYTES});
}

#define DOCUMENT_EXPECTED "1 to 24 capital letters, digits, - / . or blanks"
#define PLATE_EXPECTED    "1 to 12 capital letters, digits, - / . or blanks"

enum bulla_status bulla_tag_encode(const struct bulla_tag *tag, uint8_t bytes[BULLA_TAG_SIZE], struct bulla_fault *fault)
{
    uint8_t made[BULLA_TAG_SIZE + CODE_BITS] = {0}; /* a text that is too long ends behind it */
    struct bulla_bit_writer w = bulla_bit_writer_over(made, 8 * sizeof made);
    bulla_bit_writer_put(&w, VERSION_BITS, VERSION);
    size_t at = w.at;
    if (!text_put(&w, tag->document, BULLA_TAG_DOCUMENT_MAX))
        return bulla_fault_set(fault, BULLA_REFUSED, "document", DOCUMENT_EXPECTED, at);
    at = w.at;
    if (!text_put(&w, tag->plate, BULLA_TAG_PLATE_MAX))
        return bulla_fault_set(fault, BULLA_REFUSED, "plate", PLATE_EXPECTED, at);
    bulla_bits_set(made, CRC_AT, CRC_BITS, crc_of(made));
    bulla_copy(bytes, made, BULLA_TAG_SIZE);
    return BULLA_OK;
}

enum bulla_status bulla_tag_decode(const uint8_t bytes[BULLA_TAG_SIZE], struct bulla_tag *tag, struct bulla_fault *fault)
{
    struct bulla_bit_reader r = bulla_bit_reader_over(bytes, CRC_AT);
    struct bulla_tag got = {0};
    if (bulla_bits_at(bytes, CRC_AT, CRC_BITS) != crc_of(bytes))
        return bulla_fault_set(fault, BULLA_DAMAGED, "crc", "the CRC of the bits before it", CRC_AT);
    if (bulla_bit_reader_get(&r, VERSION_BITS) != VERSION)
        return bulla_fault_set(fault, BULLA_NOT_MINE, "version", "1", 0);
    size_t at = r.at;
    if (!text_get(&r, got.document, BULLA_TAG_DOCUMENT_MAX))
        return bulla_fault_set(fault, BULLA_INSANE, "document", DOCUMENT_EXPECTED, at);
    at = r.at;
    if (!text_get(&r, got.plate, BULLA_TAG_PLATE_MAX))
        return bulla_fault_set(fault, BULLA_INSANE, "plate", PLATE_EXPECTED, at);
    for (at = r.at; at < CRC_AT; at++)
        if (bulla_bits_at(bytes, at, 1) != 0)
            return bulla_fault_set(fault, BULLA_INSANE, "rest", "zeros", at);
    *tag = got;
    return BULLA_OK;
}
