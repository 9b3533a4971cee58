/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal's block as the bits of a packet, heard again by a receiver that gets bits from a radio chip. For bulla/packet.h
 *
 * prints: 200 bits, 434400000 Hz; 16 bytes from a seal; then channel 46 of 59
 */
#include <bulla/packet.h>
#include <stdio.h>

int main(void)
{
    static const uint8_t block[16] = {0x1c, 0xa8, 0x22, 0x18, 0x00, 0x4b, 0x5a, 0x1d, 0xb3, 0x5d, 0x62, 0x99, 0xbc, 0xc0, 0x78, 0x09};
    struct bulla_packet_sender sender;
    struct bulla_packet_receiver receiver;
    struct bulla_bytes heard;
    bool bit;
    if (bulla_packet_send(&sender, (struct bulla_bytes){block, sizeof block}, false) != BULLA_OK)
        return 1;
    printf("%u bits, %u Hz; ", (unsigned)bulla_packet_bits(sizeof block), (unsigned)bulla_packet_channel_hz(BULLA_PACKET_WCO433, 0));
    bulla_packet_listen(&receiver);
    while (bulla_packet_next(&sender, &bit))
        if (bulla_packet_hear(&receiver, bit, &heard) == BULLA_OK)
            printf("%u bytes from a %s; ", (unsigned)heard.len, receiver.to_seal ? "reader" : "seal");
    /* Where a seal of the other link that hops by sequence 17 is next. */
    printf("then channel %d of %u\n", bulla_packet_hop(BULLA_PACKET_WCO2450, 17, 1),
           (unsigned)bulla_packet_of(BULLA_PACKET_WCO2450)->channels);
    return 0;
}
