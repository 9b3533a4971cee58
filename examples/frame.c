/* SPDX-License-Identifier: Apache-2.0
 *
 * A reader asks one seal for its data. For bulla/frame.h
 *
 * prints: 14 bytes, read-data to maker 42, seal 1234567
 */
#include <bulla/frame.h>
#include <stdio.h>

int main(void)
{
    struct bulla_frame frame = {.start = BULLA_START_FFFF, .code = BULLA_ORDER_READ_DATA, .session = 7, .address = {42, 1234567}}, got;
    struct bulla_fault fault;
    uint8_t bytes[BULLA_FRAME_MAX];
    size_t n;
    if (bulla_frame_encode_to_seal(&frame, bytes, sizeof bytes, &n, &fault) != BULLA_OK ||
        bulla_frame_decode_to_seal((struct bulla_bytes){bytes, n}, BULLA_START_ANY, &got, &fault) != BULLA_OK)
        return 1;
    printf("%zu bytes, %s to maker %u, seal %u\n", n, bulla_order_text(got.code), got.address.maker, (unsigned)got.address.serial);
    return 0;
}
