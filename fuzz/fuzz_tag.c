/* SPDX-License-Identifier: Apache-2.0
 *
 * A tag of 32 bytes (the rest is zeros), as it came and with its CRC made right; and its input as a document and a plate. What
 * is read is written again to the same bytes, what is written is read; what is refused touches nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/crc.h"
#include "bulla/tag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_bytes(const uint8_t bytes[BULLA_TAG_SIZE])
{
    struct bulla_tag tag, before;
    struct bulla_fault fault = {0};
    uint8_t again[BULLA_TAG_SIZE];
    memset(&tag, 0x5A, sizeof tag);
    memcpy(&before, &tag, sizeof before);
    if (bulla_tag_decode(bytes, &tag, &fault) != BULLA_OK) {
        promise(memcmp(&tag, &before, sizeof tag) == 0, "a refused tag touches nothing");
        promise(fault.field && fault.expected && fault.at < 8 * BULLA_TAG_SIZE, "a fault has a name and a place");
        return;
    }
    promise(bulla_tag_encode(&tag, again, &fault) == BULLA_OK, "what was read can be written");
    promise(memcmp(again, bytes, sizeof again) == 0, "to the same bytes");
}

static void check_texts(const uint8_t *data, size_t n)
{
    struct bulla_tag tag = {0}, got;
    struct bulla_fault fault = {0};
    uint8_t bytes[BULLA_TAG_SIZE];
    size_t document = n < BULLA_TAG_DOCUMENT_MAX ? n : BULLA_TAG_DOCUMENT_MAX;
    size_t plate = n - document < BULLA_TAG_PLATE_MAX ? n - document : BULLA_TAG_PLATE_MAX;
    memcpy(tag.document, data, document);
    memcpy(tag.plate, data + document, plate);
    if (bulla_tag_encode(&tag, bytes, &fault) != BULLA_OK)
        return;
    promise(bulla_tag_decode(bytes, &got, &fault) == BULLA_OK, "what was written can be read");
    promise(strcmp(got.document, tag.document) == 0 && strcmp(got.plate, tag.plate) == 0, "to the same texts");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t bytes[BULLA_TAG_SIZE] = {0};
    memcpy(bytes, data, n < sizeof bytes ? n : sizeof bytes);
    check_bytes(bytes);
    bytes[0] = (uint8_t)((bytes[0] & 0x0F) | 0x10);
    uint16_t crc = bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, BULLA_TAG_SIZE - 2});
    bytes[BULLA_TAG_SIZE - 2] = (uint8_t)(crc >> 8);
    bytes[BULLA_TAG_SIZE - 1] = (uint8_t)crc;
    check_bytes(bytes);
    check_texts(data, n);
    return 0;
}
