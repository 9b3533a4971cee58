/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets bit by bit: there and back with random payloads, in either direction and polarity, with wrong bits where they may be and
 * where they may not; channels and hop sequences. Bits of known packets: test_packet_vectors.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "bulla/packet.h"
#include "tests/support/random.h"

#define BITS_MAX (8 * (6 + BULLA_PACKET_BODY_MAX))
#define BLOCK_N  16

static bool bits[BITS_MAX];

static size_t send(struct bulla_bytes payload, bool to_seal, bool inverted)
{
    struct bulla_packet_sender sender;
    size_t n = 0;
    assert_int_equal(bulla_packet_send(&sender, payload, to_seal), BULLA_OK);
    while (bulla_packet_next(&sender, &bits[n])) {
        bits[n] ^= inverted;
        n++;
        assert_true(n < BITS_MAX + 1);
    }
    assert_int_equal(n, bulla_packet_bits(payload.len));
    return n;
}

/* The outcome of the last one of n bits; all others must ask for more. */
static enum bulla_status hear(struct bulla_packet_receiver *receiver, size_t n, struct bulla_bytes *payload)
{
    for (size_t i = 0; i + 1 < n; i++)
        assert_int_equal(bulla_packet_hear(receiver, bits[i], payload), BULLA_MORE);
    return bulla_packet_hear(receiver, bits[n - 1], payload);
}

/* The sequence that every data sheet of a radio with PN9 has. */
static void whitening_is_pn9(void **state)
{
    (void)state;
    const uint8_t first[16] = {0xff, 0xe1, 0x1d, 0x9a, 0xed, 0x85, 0x33, 0x24, 0xea, 0x7a, 0xd2, 0x39, 0x70, 0x97, 0x57, 0x0a};
    uint8_t bytes[600] = {0};
    bulla_packet_whiten(0, bytes, sizeof bytes);
    assert_memory_equal(bytes, first, sizeof first);
    assert_memory_equal(bytes, bytes + 511, 89); /* it has 511 bits, so 511 bytes later it is the same */
    assert_true(memcmp(bytes, bytes + 73, 89) != 0);
    bulla_packet_whiten(7, bytes + 7, 100);
    for (size_t i = 7; i < 107; i++)
        assert_int_equal(bytes[i], 0);
}

/* [WCO-4.3-P4] [WCO-4.3-Q7] Any payload, behind any bits, one packet right after the other. */
static void payloads_come_back(void **state)
{
    (void)state;
    struct random random = {11};
    struct bulla_packet_receiver receiver;
    struct bulla_bytes heard;
    bulla_packet_listen(&receiver);
    for (int round = 0; round < 2000; round++) {
        uint8_t payload[BULLA_PACKET_PAYLOAD_MAX];
        size_t n_payload = 1 + random_below(&random, sizeof payload);
        bool to_seal = random_below(&random, 2), inverted = random_below(&random, 2);
        random_fill(&random, payload, n_payload);
        size_t n = send((struct bulla_bytes){payload, n_payload}, to_seal, inverted);
        assert_int_equal(hear(&receiver, n, &heard), BULLA_OK);
        assert_int_equal(heard.len, n_payload);
        assert_memory_equal(heard.at, payload, n_payload);
        assert_int_equal(receiver.to_seal, to_seal);
        assert_int_equal(receiver.inverted, inverted);
    }
}

/* Two wrong bits in what is compared of preamble and sync are taken; any one in the body makes it damaged, and the next is heard. */
static void wrong_bits_are_known(void **state)
{
    (void)state;
    uint8_t payload[BLOCK_N] = {0x1c, 0xa8, 0x22};
    struct bulla_packet_receiver receiver;
    struct bulla_bytes heard;
    bulla_packet_listen(&receiver);
    for (size_t a = 24; a < 48; a++)
        for (size_t b = 24; b < a; b++) {
            size_t n = send((struct bulla_bytes){payload, sizeof payload}, false, false);
            bits[a] = !bits[a];
            bits[b] = !bits[b];
            assert_int_equal(hear(&receiver, n, &heard), BULLA_OK);
            assert_false(receiver.to_seal || receiver.inverted);
        }
    for (size_t wrong = 56; wrong < 48 + 8 * (BLOCK_N + 3); wrong++) { /* the length's own bits: below */
        size_t n = send((struct bulla_bytes){payload, sizeof payload}, true, true);
        bits[wrong] = !bits[wrong];
        assert_int_equal(hear(&receiver, n, &heard), BULLA_DAMAGED);
        n = send((struct bulla_bytes){payload, sizeof payload}, true, true);
        assert_int_equal(hear(&receiver, n, &heard), BULLA_OK);
    }
}

/* A length of 0 is none; one that is not what was sent ends as damaged, or with the next packet. */
static void lengths_that_are_none(void **state)
{
    (void)state;
    uint8_t payload[BLOCK_N] = {0x10}, one = 1;
    struct bulla_packet_receiver receiver;
    struct bulla_packet_sender sender;
    struct bulla_bytes heard;
    bulla_packet_listen(&receiver);
    send((struct bulla_bytes){&one, 1}, false, false);
    bits[55] = !bits[55]; /* 1 becomes 0 */
    assert_int_equal(hear(&receiver, 56, &heard), BULLA_DAMAGED);
    send((struct bulla_bytes){payload, sizeof payload}, false, false);
    bits[51] = !bits[51]; /* 16 becomes 0 */
    assert_int_equal(hear(&receiver, 56, &heard), BULLA_DAMAGED);
    send((struct bulla_bytes){payload, sizeof payload}, false, false);
    bits[53] = !bits[53]; /* 16 becomes 20: four bytes more are waited for */
    assert_int_equal(hear(&receiver, 48 + 8 * (BLOCK_N + 3), &heard), BULLA_MORE);
    memset(bits, 0, 32);
    assert_int_equal(hear(&receiver, 32, &heard), BULLA_DAMAGED);
    assert_int_equal(bulla_packet_send(&sender, (struct bulla_bytes){payload, 0}, false), BULLA_REFUSED);
    assert_int_equal(bulla_packet_send(&sender, (struct bulla_bytes){payload, 256}, false), BULLA_REFUSED);
}

/* Random bits: what is taken for a packet has a sync word, and then a CRC that chance made right, once in 65,536. */
static void noise_is_no_packet(void **state)
{
    (void)state;
    struct random random = {12};
    struct bulla_packet_receiver receiver;
    struct bulla_bytes heard;
    size_t found = 0;
    bulla_packet_listen(&receiver);
    for (int i = 0; i < 3000000; i++)
        found += bulla_packet_hear(&receiver, random_next(&random) >> 17 & 1, &heard) == BULLA_OK;
    assert_int_equal(found, 0);
}

/* [WCO-4.3-P1] [WCO-4.3-Q1] [WCO-4.3-Q2] [WCO-4.3-Q3] */
static void channels_are_where_the_report_has_them(void **state)
{
    (void)state;
    const struct bulla_packet *low = bulla_packet_of(BULLA_PACKET_WCO433), *high = bulla_packet_of(BULLA_PACKET_WCO2450);
    assert_int_equal(bulla_packet_channel_hz(BULLA_PACKET_WCO433, low->usual), 434400000);
    assert_int_equal(bulla_packet_channel_hz(BULLA_PACKET_WCO433, 1), 0);
    assert_int_equal(bulla_packet_channel_hz(BULLA_PACKET_WCO2450, high->usual), 2441750000u);
    assert_int_equal(bulla_packet_channel_hz(BULLA_PACKET_WCO2450, high->channels), 0);
    assert_int_equal(bulla_packet_hop(BULLA_PACKET_WCO433, 1, 0), -1);
    for (unsigned i = 0; i < high->channels; i++) { /* with all that a crystal may be off: within 60 MHz around the middle */
        uint32_t hz = bulla_packet_channel_hz(BULLA_PACKET_WCO2450, i), around = high->offset_hz + high->rate;
        assert_true(hz - around >= 2411750000u && hz + around <= 2471750000u);
        assert_true(hz - around >= 2400000000u && hz + around <= 2483500000u);
    }
    assert_int_equal(bulla_packet_from("wco2450"), BULLA_PACKET_WCO2450);
    assert_int_equal(bulla_packet_from("wco"), -1);
}

/* [WCO-4.3-Q3] Each sequence visits every channel once a round; two of them meet once a round. */
static void hops_visit_every_channel(void **state)
{
    (void)state;
    const struct bulla_packet *p = bulla_packet_of(BULLA_PACKET_WCO2450);
    assert_int_equal(bulla_packet_hop(BULLA_PACKET_WCO2450, 0, 0), -1);
    assert_int_equal(bulla_packet_hop(BULLA_PACKET_WCO2450, p->channels, 0), -1);
    for (unsigned sequence = 1; sequence < p->channels; sequence++) {
        uint64_t seen = 0;
        unsigned met = 0;
        for (uint32_t step = 0; step < p->channels; step++) {
            int channel = bulla_packet_hop(BULLA_PACKET_WCO2450, sequence, step);
            assert_true(channel >= 0 && channel < p->channels);
            seen |= UINT64_C(1) << channel;
            met += channel == bulla_packet_hop(BULLA_PACKET_WCO2450, sequence % (p->channels - 1u) + 1, step);
            assert_int_equal(channel, bulla_packet_hop(BULLA_PACKET_WCO2450, sequence, step + 7u * p->channels));
        }
        assert_true(seen == (UINT64_C(1) << p->channels) - 1);
        assert_int_equal(met, 1);
        assert_int_equal(bulla_packet_hop(BULLA_PACKET_WCO2450, sequence, 0), p->usual);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whitening_is_pn9),         cmocka_unit_test(payloads_come_back),
        cmocka_unit_test(wrong_bits_are_known),     cmocka_unit_test(lengths_that_are_none),
        cmocka_unit_test(noise_is_no_packet),       cmocka_unit_test(channels_are_where_the_report_has_them),
        cmocka_unit_test(hops_visit_every_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
