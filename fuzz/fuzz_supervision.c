/* SPDX-License-Identifier: Apache-2.0
 *
 * The supervision record as it came and with its CRC made right, and the description of an attached file: what is read is
 * written again to the same bytes; what is refused touches nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/attachment.h"
#include "bulla/crc.h"
#include "bulla/supervision.h"

enum { ITEMS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_record(struct bulla_bytes bytes)
{
    static struct bulla_supervision_item items[ITEMS_MAX], before[ITEMS_MAX];
    struct bulla_fault fault = {0};
    size_t n = 0, len = 0;
    memset(items, 0x5A, sizeof items);
    memcpy(before, items, sizeof before);
    if (bulla_supervision_decode(bytes, items, ITEMS_MAX, &n, &fault) != BULLA_OK) {
        promise(memcmp(items, before, sizeof items) == 0 && n == 0, "a refused record touches nothing");
        promise(fault.field && fault.expected && fault.at <= bytes.len, "a fault has a name and a place");
        return;
    }
    uint8_t *again = malloc(bytes.len);
    promise(bulla_supervision_encode(items, n, again, bytes.len, &len, &fault) == BULLA_OK, "what was read can be written");
    promise(len == bytes.len && memcmp(again, bytes.at, len) == 0, "to the same bytes");
    free(again);
}

static void check_attachment(struct bulla_bytes bytes)
{
    struct bulla_attachment attachment, before;
    struct bulla_fault fault = {0};
    uint8_t again[BULLA_ATTACHMENT_SIZE];
    size_t n = 0;
    memset(&attachment, 0x5A, sizeof attachment);
    memcpy(&before, &attachment, sizeof before);
    if (bulla_attachment_decode(bytes, &attachment, &fault) != BULLA_OK) {
        promise(memcmp(&attachment, &before, sizeof attachment) == 0, "a refused description touches nothing");
        promise(fault.field && fault.expected && fault.at <= bytes.len, "a fault has a name and a place");
        return;
    }
    promise(bulla_attachment_encode(&attachment, again, &n, &fault) == BULLA_OK, "a description that was read can be written");
    promise(n == bytes.len && memcmp(again, bytes.at, n) == 0, "to the same bytes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    check_record((struct bulla_bytes){data, n});
    check_attachment((struct bulla_bytes){data, n});
    if (n < 5)
        return 0;
    uint8_t *bytes = malloc(n);
    memcpy(bytes, data, n);
    memcpy(bytes, "BS\x01", 3);
    uint16_t crc = bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, n - 2});
    bytes[n - 2] = (uint8_t)(crc >> 8);
    bytes[n - 1] = (uint8_t)crc;
    check_record((struct bulla_bytes){bytes, n});
    free(bytes);
    return 0;
}
