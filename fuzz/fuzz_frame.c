/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames between reader and seal, both ways, as they came and with length and CRC made right: data[0] chooses way and start.
 * What is read is written again to the same bytes; what is refused touches nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/crc.h"
#include "bulla/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_frame(struct bulla_bytes bytes, bool from_seal, enum bulla_start accepted)
{
    struct bulla_frame frame, before;
    struct bulla_fault fault = {0};
    uint8_t again[BULLA_FRAME_MAX];
    size_t n = 0;
    memset(&frame, 0, sizeof frame);
    memcpy(&before, &frame, sizeof before);
    enum bulla_status status = from_seal ? bulla_frame_decode_from_seal(bytes, accepted, &frame, &fault)
                                         : bulla_frame_decode_to_seal(bytes, accepted, &frame, &fault);
    size_t length = bulla_frame_length(bytes, from_seal);
    if (status != BULLA_OK) {
        promise(memcmp(&frame, &before, sizeof frame) == 0, "a refused frame touches nothing");
        promise(fault.field && fault.expected && fault.at <= bytes.len, "a fault has a name and a place");
        return;
    }
    promise(length == bytes.len, "its length is what a stream is cut by");
    promise((frame.start & accepted) != 0, "its start is one that was accepted");
    status = from_seal ? bulla_frame_encode_from_seal(&frame, again, sizeof again, &n, &fault)
                       : bulla_frame_encode_to_seal(&frame, again, sizeof again, &n, &fault);
    promise(status == BULLA_OK && n == bytes.len && memcmp(again, bytes.at, n) == 0, "what was read is written to the same bytes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    bool from_seal = data[0] & 1;
    enum bulla_start accepted = (enum bulla_start)(1 + (data[0] >> 1) % 3);
    check_frame((struct bulla_bytes){data + 1, n - 1}, from_seal, accepted);
    if (n < 8 || n - 1 > BULLA_FRAME_MAX)
        return 0;
    uint8_t *bytes = malloc(n - 1); /* of its own, so that a byte too far is seen */
    memcpy(bytes, data + 1, n - 1);
    bytes[0] = 0x40;
    bytes[from_seal ? 3 : 2] = (uint8_t)(n - 1);
    uint16_t crc = bulla_crc16(data[0] & 0x80 ? BULLA_CRC_0000 : BULLA_CRC_FFFF, (struct bulla_bytes){bytes, n - 3});
    bytes[n - 3] = (uint8_t)(crc >> 8);
    bytes[n - 2] = (uint8_t)crc;
    check_frame((struct bulla_bytes){bytes, n - 1}, from_seal, BULLA_START_ANY);
    free(bytes);
    return 0;
}
