/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal's block as runs of one level, heard again by a receiver that has a timer and nothing else. For bulla/air.h
 *
 * prints: 42 us high, 54 us low; 16 bytes from a seal, 5904 us
 */
#include <bulla/air.h>
#include <stdio.h>

int main(void)
{
    static const uint8_t block[BULLA_BLOCK_SIZE] = {0x1c, 0xa8, 0x22, 0x18, 0x00, 0x4b, 0x5a, 0x1d,
                                                    0xb3, 0x5d, 0x62, 0x99, 0xbc, 0xc0, 0x78, 0x09};
    struct bulla_air_sender sender;
    struct bulla_air_receiver receiver;
    struct bulla_air_run run;
    struct bulla_bytes frame;
    bulla_air_send(&sender, BULLA_AIR_ISO433_RETURN, (struct bulla_bytes){block, sizeof block}, false);
    bulla_air_listen(&receiver, false);
    for (unsigned i = 0; bulla_air_next(&sender, &run); i++) {
        if (i == 40 || i == 41) /* after the preamble */
            printf("%u us %s", (unsigned)run.ns / 1000, run.high ? "high, " : "low; ");
        if (bulla_air_hear(&receiver, run, &frame) == BULLA_OK)
            printf("%zu bytes from a %s, %u us\n", frame.len, bulla_air_of(receiver.link)->from_seal ? "seal" : "reader",
                   (unsigned)(bulla_air_ns(receiver.link, frame.len, false) / 1000));
    }
    return 0;
}
