/* SPDX-License-Identifier: Apache-2.0
 *
 * wco433 and wco2450: what is transmitted, measured on samples; payloads there and back; losses near theory under every condition;
 * offsets up to what a receiver must take and beyond; clipped samples; noise. The long curves: bulla rf bench --link.
 */
#include <stdlib.h>
#include <string.h>

#include "bulla/crc.h"
#include "reader/modem/correct.h"
#include "reader/modem/fsk.h"
#include "tests/support/random.h"
#include "tests/unit/modem/hearing.h"

#define FRAMES_MAX 400
#define PIECE      32768
#define SAMPLES    (1 << 17)

static const char *const names[] = {"wco433", "wco2450"};
static float iq[2 * SAMPLES];

/* ---- what is transmitted ---- */

static struct modem_wave wave_of(const char *name, const uint8_t *bytes, size_t n)
{
    return (struct modem_wave){.link = modem_link_named(name), .bytes = {bytes, n}, .clock = 1, .amplitude = 1};
}

/* Hz between sample i and the next one. */
static double hz_at(size_t i, double rate)
{
    double turned = atan2(iq[2 * i + 3], iq[2 * i + 2]) - atan2(iq[2 * i + 1], iq[2 * i]);
    return modem_wrapped(turned / (2 * M_PI)) * rate;
}

/* [WCO-4.3-P2] [WCO-4.3-Q5] The frequency goes through the carrier once a bit of the preamble: the rate is right to 0.1 %, and so
 * is the time of every edge of the whole packet to a fiftieth of a bit. */
static void bits_take_their_time(void **state)
{
    (void)state;
    uint8_t bytes[40] = {0x55};
    for (size_t k = 0; k < 2; k++) {
        const double rate = 1e6, bit = rate / bulla_packet_of((enum bulla_packet_link)k)->rate;
        struct modem_wave wave = wave_of(names[k], bytes, sizeof bytes);
        memset(iq, 0, sizeof iq);
        modem_wave_add(&wave, rate, 100, iq, SAMPLES);
        double first = -1, last = -1;
        size_t n = 0, end = 100 + (size_t)(bulla_packet_bits(sizeof bytes) * bit);
        for (size_t i = 100; i + 2 < end; i++) {
            double a = hz_at(i, rate), b = hz_at(i + 1, rate);
            if ((a > 0) == (b > 0))
                continue;
            double at = (double)i + 0.5 + a / (a - b) - 100, off = fabs(at / bit - rint(at / bit));
            if (off > (k == 0 ? 0.1 : 0.02)) /* a bit alone between others is filtered to less than its time */
                fail_msg("%s: an edge %.3f bits off", names[k], off);
            if (at > 31.5 * bit)
                continue;
            first = first < 0 ? at : first;
            last = at;
            n++;
        }
        assert_int_equal(n, 31);
        assert_true(fabs((last - first) / 30 / bit - 1) < 1e-3);
        assert_true(fabs(modem_wave_seconds(&wave) * rate - bulla_packet_bits(sizeof bytes) * bit) < 1e-3);
    }
}

/* [WCO-4.3-Q7] [WCO-4.3-P4] Where a few bits are alike the carrier is off by the deviation. */
static void tones_are_where_they_belong(void **state)
{
    (void)state;
    const double rate = 2e6;
    uint8_t bytes[16] = {0};
    for (size_t k = 0; k < 2; k++) {
        const struct bulla_packet *packet = bulla_packet_of((enum bulla_packet_link)k);
        const double bit = rate / packet->rate;
        struct modem_wave wave = wave_of(names[k], bytes, sizeof bytes);
        uint8_t bits[MODEM_FSK_BITS_MAX];
        size_t n = modem_fsk_bits(wave.bytes, false, bits), seen = 0;
        memset(iq, 0, sizeof iq);
        modem_wave_add(&wave, rate, 100, iq, SAMPLES);
        for (size_t i = 2; i + 2 < n; i++) {
            if (bits[i] != bits[i - 1] || bits[i] != bits[i + 1])
                continue;
            double hz = hz_at(100 + (size_t)((double)i * bit + bit / 2), rate);
            assert_true(fabs(hz - (bits[i] ? 1.0 : -1.0) * packet->deviation_hz) < 0.005 * packet->deviation_hz);
            seen++;
        }
        assert_true(seen > 10);
    }
}

/* [WCO-4.3-P1] [WCO-4.3-P4] [WCO-4.3-Q2] The band that 99 % of the power is in, and its middle. */
static void the_band_is_as_wide_as_said(void **state)
{
    (void)state;
    const size_t n = 4096;
    const double least[] = {75e3, 18e3}, most[] = {95e3, 23e3};
    uint8_t bytes[200];
    struct random random = {4};
    random_fill(&random, bytes, sizeof bytes);
    for (size_t k = 0; k < 2; k++) {
        const double rate = 6 * bulla_packet_of((enum bulla_packet_link)k)->rate;
        static double power[4096];
        struct modem_wave wave = wave_of(names[k], bytes, sizeof bytes);
        memset(iq, 0, sizeof iq);
        modem_wave_add(&wave, rate, -6 * 60.0, iq, SAMPLES);
        double all = 0, middle = 0;
        for (size_t f = 0; f < n; f++) {
            double turn = 2 * M_PI * ((double)f / (double)n - 0.5), re = 0, im = 0, c = 1, s = 0;
            const double step_c = cos(turn), step_s = -sin(turn);
            for (size_t i = 0; i < n; i++) {
                double window = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n), next = c * step_c - s * step_s;
                re += window * (iq[2 * i] * c - iq[2 * i + 1] * s);
                im += window * (iq[2 * i] * s + iq[2 * i + 1] * c);
                s = c * step_s + s * step_c;
                c = next;
            }
            power[f] = re * re + im * im;
            all += power[f];
            middle += power[f] * ((double)f / (double)n - 0.5) * rate;
        }
        size_t low = 0, high = n;
        for (double outside = 0; outside + power[low] < 0.005 * all; low++)
            outside += power[low];
        for (double outside = 0; outside + power[high - 1] < 0.005 * all; high--)
            outside += power[high - 1];
        double hz = (double)(high - low) / (double)n * rate;
        if (hz < least[k] || hz > most[k] || fabs(middle / all) > hz / 20)
            fail_msg("%s: %.0f Hz around %.0f Hz", names[k], hz, middle / all);
    }
}

/* [WCO-4.3-P1] [WCO-4.3-Q2] The rows of the modem are those of libbulla. */
static void links_are_those_of_the_library(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct modem_link *link = modem_link_named(names[k]);
        const struct bulla_packet *packet = bulla_packet_of((enum bulla_packet_link)k);
        assert_non_null(link);
        assert_string_equal(packet->text, link->name);
        assert_true(fabs(link->centre_hz - bulla_packet_channel_hz((enum bulla_packet_link)k, packet->usual)) < 1);
        assert_true(fabs(link->bit_s * packet->rate - 1) < 1e-9 && fabs(link->offset_hz - packet->offset_hz) < 1);
        assert_int_equal(2 * packet->deviation_hz, packet->rate); /* what the receiver is made for */
    }
    int way;
    assert_ptr_equal(modem_link_read("wco433-forward", &way), modem_link_named("wco433"));
    assert_int_equal(way, 2);
    assert_null(modem_link_read("wco433-", &way));
    assert_null(modem_link_named("wco"));
}

/* ---- packets through the air ---- */

struct conditions {
    const char *name;
    double rate_hz, ebn0_db, ramp_s, clock_percent, gap_s, offset_hz; /* offset: 0: at random, what the link takes */
    enum modem_format format;
    const char *kernels;
    float louder; /* the samples are that many times too large, and clipped */
};

static struct modem_scene_frame frames[FRAMES_MAX];

/* payloads: any bytes of any length, instead of blocks. */
static void lay_out(const struct modem_link *link, const struct conditions *c, size_t n, bool payloads, uint64_t seed,
                    struct modem_scene *scene)
{
    struct modem_random random = {.state = seed};
    double at = 5e-3;
    *scene = (struct modem_scene){
        .rate_hz = c->rate_hz, .ebn0_db = c->ebn0_db, .bit_s = link->bit_s, .frames = frames, .n_frames = n, .seed = seed};
    for (size_t i = 0; i < n; i++) {
        struct modem_scene_frame *f = &frames[i];
        modem_scene_block(&random, f->bytes);
        f->n = payloads ? 1 + modem_random_next(&random) % sizeof f->bytes : BULLA_BLOCK_SIZE;
        for (size_t k = 0; payloads && k < f->n; k++)
            f->bytes[k] = (uint8_t)modem_random_next(&random);
        double offset = modem_random_between(&random, -link->offset_hz, link->offset_hz);
        f->at_s = at + c->ramp_s;
        f->wave = (struct modem_wave){.link = link,
                                      .to_seal = payloads && modem_random_next(&random) & 1,
                                      .bytes = {f->bytes, f->n},
                                      .inverted = modem_random_next(&random) & 1,
                                      .offset_hz = c->offset_hz != 0 ? c->offset_hz : offset,
                                      .clock = 1 + modem_random_between(&random, -c->clock_percent, c->clock_percent) / 100,
                                      .ramp_s = c->ramp_s,
                                      .phase_turns = modem_random_between(&random, 0, 1),
                                      .amplitude = 1};
        at += modem_wave_seconds(&f->wave) + modem_random_between(&random, c->gap_s, 4 * c->gap_s);
    }
    scene->seconds = at + 5e-3;
}

static void play(const struct modem_link *link, struct modem_scene *scene, const struct conditions *c, size_t piece, struct heard *heard)
{
    *heard = (struct heard){0};
    hearing_play(scene,
                 &(struct hearing){.link = link,
                                   .format = c->format,
                                   .rate_hz = c->rate_hz,
                                   .kernels = c->kernels,
                                   .times = c->louder > 0 ? c->louder - 1 : 0,
                                   .piece = piece},
                 heard);
}

/* What theory loses of packets with a block, coherently with perfect synchronisation. */
static double theory(size_t k, double ebn0_db)
{
    static struct modem_fsk_shape shape;
    modem_fsk_shape_make(&shape, bulla_packet_of((enum bulla_packet_link)k));
    return 1 - pow(1 - modem_fsk_theory(&shape, pow(10, ebn0_db / 10)), 8 * (BULLA_BLOCK_SIZE + 3));
}

/* With hard bits no more is lost than theory loses half a dB below (1 dB where the clock is 1 % off), and three standard deviations; with
 * correction 5 % at most. */
static void losses_are_near_theory(void **state)
{
    (void)state;
    const struct conditions cases[] = {
        {"usual", 1e6, 9.5, 50e-6, 0, 3e-3, 0, MODEM_CU8, NULL, 0},
        {"0.5 MS/s", 0.5e6, 9.5, 50e-6, 0, 3e-3, 0, MODEM_CS8, "plain", 0},
        {"0.85 MS/s", 0.85e6, 9.5, 50e-6, 0, 3e-3, 0, MODEM_CU8, "sse2", 0},
        {"2.4 MS/s", 2.4e6, 9.5, 50e-6, 0, 3e-3, 0, MODEM_CU8, NULL, 0},
        {"ramps", 1e6, 9.5, 1e-3, 0, 3e-3, 0, MODEM_CS16, NULL, 0},
        {"no gaps", 1e6, 9.5, 50e-6, 0, 0, 0, MODEM_CF32, NULL, 0},
        {"clock", 1e6, 9.5, 50e-6, 1, 3e-3, 0, MODEM_CU8, NULL, 0},
        {"loud", 1e6, 40, 1e-3, 1, 1e-3, 0, MODEM_CU8, NULL, 0},
    };
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const struct conditions *c = &cases[i];
            struct modem_scene scene;
            struct heard heard;
            const size_t n = k == 0 ? 200 : 80;
            const struct modem_link *link = modem_link_named(names[k]);
            lay_out(link, c, n, false, 100 + i, &scene);
            play(link, &scene, c, 0, &heard);
            double hard = 1 - (double)heard.n_hard / (double)n, corrected = hard - (double)heard.n_corrected / (double)n;
            double allowed = theory(k, c->ebn0_db - (c->clock_percent > 0 ? 1 : 0.5));
            allowed += 3 * sqrt(allowed / (double)n);
            if (hard > allowed || corrected > 0.05 || heard.n_wrong > 0)
                fail_msg("%s, %s: lost %.3f hard (at most %.3f), %.3f corrected, %zu wrong", names[k], c->name, hard, allowed, corrected,
                         heard.n_wrong);
            double mean = heard.ebn0_sum / (double)(heard.n_hard + heard.n_corrected);
            if (heard.worst_t > 0.1 * link->bit_s || heard.worst_hz > 0.015 / link->bit_s ||
                (c->ebn0_db < 20 && fabs(mean - c->ebn0_db) > 1))
                fail_msg("%s, %s: times off by up to %.2f us, carriers by up to %.0f Hz, Eb/N0 %.1f dB", names[k], c->name,
                         heard.worst_t * 1e6, heard.worst_hz, mean);
        }
}

/* [WCO-4.3-P4] [WCO-4.3-Q7] Bit by bit, payloads of 1 to 255 bytes, either direction. */
static void payloads_come_back(void **state)
{
    (void)state;
    const struct conditions c = {"payloads", 1e6, 20, 50e-6, 0.1, 3e-3, 0, MODEM_CU8, NULL, 0};
    for (size_t k = 0; k < 2; k++) {
        struct modem_scene scene;
        struct heard heard;
        const size_t n = k == 0 ? 120 : 40;
        lay_out(modem_link_named(names[k]), &c, n, true, 7, &scene);
        play(modem_link_named(names[k]), &scene, &c, 0, &heard);
        assert_int_equal(heard.n_hard, n);
        assert_int_equal(heard.n_wrong, 0);
    }
}

/* Packets in a slot that begin within 100 us, each weaker than the one before it, or of the same power; also one that begins in the middle
 * of a stronger one. All of a slot are read, in most slots. */
static void packets_in_one_slot_are_taken_out_of_each_other(void **state)
{
    (void)state;
    const struct {
        const char *name;
        size_t of;                 /* packets in a slot */
        double step_db, late_bits; /* each so much weaker, so much later */
        size_t least[2];           /* of 40 slots, all */
    } cases[] = {
        {"6 dB", 2, 6, 0, {36, 37}},       {"2 dB", 2, 2, 0, {20, 35}},
        {"same power", 2, 0, 0, {5, 11}}, {"in the middle", 2, 10, 100, {26, 34}},
        {"three", 3, 5, 0, {31, 36}},
    };
    const struct conditions usual = {"collision", 1e6, 0, 50e-6, 0, 5e-3, 0, MODEM_CU8, NULL, 0};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const struct modem_link *link = modem_link_named(names[k]);
            const size_t of = cases[i].of, slots = 40;
            struct modem_random random = {.state = 900 + i};
            struct modem_scene scene;
            struct heard heard;
            lay_out(link, &usual, of * slots, false, 500 + i, &scene);
            scene.ebn0_db = 18 + (double)(of - 1) * cases[i].step_db + 20 * log10((double)of / 2);
            for (size_t n = 0; n < of * slots; n++) {
                size_t rank = n % of;
                frames[n].wave.amplitude = 2.0 / (double)of * pow(10, -(double)rank * cases[i].step_db / 20);
                frames[n].at_s = frames[n - rank].at_s + (double)rank * cases[i].late_bits * link->bit_s;
                frames[n].at_s += rank > 0 ? modem_random_between(&random, 0, 100e-6) : 0;
            }
            play(link, &scene, &usual, 0, &heard);
            size_t all = 0;
            for (size_t slot = 0; slot < slots; slot++) {
                size_t read = 0;
                for (size_t n = 0; n < of; n++)
                    read += heard.got[slot * of + n];
                all += read == of;
            }
            if (all < cases[i].least[k] || heard.n_wrong > 0)
                fail_msg("%s, %s: all read in %zu of %zu slots, %zu wrong", names[k], cases[i].name, all, slots, heard.n_wrong);
        }
}

/* [WCO-4.3-P5] At the edge of what must be taken all is read; a fifth beyond it nothing is, and nothing is made up. */
static void offsets_are_taken_up_to_the_edge(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const struct modem_link *link = modem_link_named(names[k]);
            struct conditions c = {"edge", 1e6, 16, 50e-6, 0.1, 3e-3, sign * link->offset_hz, MODEM_CU8, NULL, 0};
            struct modem_scene scene;
            struct heard heard;
            lay_out(link, &c, 40, false, 21, &scene);
            play(link, &scene, &c, 0, &heard);
            assert_int_equal(heard.n_hard, 40);
            c.offset_hz *= 1.2;
            lay_out(link, &c, 40, false, 22, &scene);
            play(link, &scene, &c, 0, &heard);
            assert_int_equal(heard.n_hard + heard.n_corrected + heard.n_wrong, 0);
        }
}

/* [WCO-4.3-P6] Samples of a receiver that is driven ten times too far are square: all is read. */
static void clipped_samples_are_read(void **state)
{
    (void)state;
    const struct conditions c = {"clipped", 1e6, 25, 50e-6, 0.1, 3e-3, 0, MODEM_CU8, NULL, 10};
    for (size_t k = 0; k < 2; k++) {
        struct modem_scene scene;
        struct heard heard;
        lay_out(modem_link_named(names[k]), &c, 60, false, 31, &scene);
        play(modem_link_named(names[k]), &scene, &c, 0, &heard);
        if (heard.n_hard < 59 || heard.n_wrong > 0)
            fail_msg("%s: %zu of 60, %zu wrong", names[k], heard.n_hard, heard.n_wrong);
    }
}

/* [WCO-4.3-P3] [WCO-4.3-Q6] -90 dBm at a noise figure of 10 dB: thermal noise has -174 dBm a Hz. */
static void weak_packets_are_read(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct modem_link *link = modem_link_named(names[k]);
        const struct conditions c = {"-90 dBm", 1e6, -90 + 10 * log10(link->bit_s) + 174 - 10, 50e-6, 0.1, 1e-3, 0, MODEM_CU8, NULL, 0};
        struct modem_scene scene;
        struct heard heard;
        lay_out(link, &c, 150, false, 41, &scene);
        play(link, &scene, &c, 0, &heard);
        assert_int_equal(heard.n_hard, 150);
    }
}

static void pieces_do_not_matter(void **state)
{
    (void)state;
    const struct conditions c = {"pieces", 1.1e6, 20, 50e-6, 0, 1e-3, 0, MODEM_CS16, NULL, 0};
    const size_t pieces[] = {1, 63, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct modem_scene scene;
        struct heard heard;
        lay_out(modem_link_named("wco433"), &c, 8, false, 7, &scene);
        play(modem_link_named("wco433"), &scene, &c, pieces[i], &heard);
        assert_int_equal(heard.n_hard, 8);
    }
}

/* ---- what is none ---- */

static size_t packets_in(const char *link, enum modem_format format, const uint8_t *bytes, size_t n)
{
    size_t bad, good = hearing_frames_in(link, format, bytes, n, 1, &bad);
    return good + bad;
}

/* Not even bad ones: noise, constants, square waves of every length, a frame of iso433. And a packet that breaks off is a bad one. */
static void hostile_samples_are_no_packets(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 21];
    struct random random = {9};
    for (size_t k = 0; k < 2; k++) {
        random_fill(&random, bytes, sizeof bytes);
        for (int format = 0; format < MODEM_FORMATS; format++)
            assert_int_equal(packets_in(names[k], (enum modem_format)format, bytes, sizeof bytes - 7), 0);
        for (int value = 0; value < 256; value += 51) {
            memset(bytes, value, sizeof bytes / 4);
            assert_int_equal(packets_in(names[k], MODEM_CU8, bytes, sizeof bytes / 4), 0);
        }
        for (size_t length = 2; length < 500; length += 7) {
            for (size_t i = 0; i < sizeof bytes / 8; i++)
                bytes[i] = i / length % 2 ? 255 : 0;
            assert_int_equal(packets_in(names[k], MODEM_CU8, bytes, sizeof bytes / 8), 0);
        }
        uint8_t block[BULLA_BLOCK_SIZE] = {0x1c};
        struct modem_wave wave = {.bytes = {block, sizeof block}, .clock = 1, .amplitude = 0.5};
        memset(iq, 0, sizeof iq);
        modem_wave_add(&wave, 1e6, 1000, iq, PIECE);
        wave.link = modem_link_named(names[k]);
        modem_wave_add(&wave, 1e6, 20000, iq, PIECE);
        modem_format_put(MODEM_CU8, bytes, iq, PIECE);
        size_t bad;
        assert_int_equal(hearing_frames_in(names[k], MODEM_CU8, bytes, 2 * (20000 + (size_t)(60e6 * wave.link->bit_s)), 1, &bad), 0);
        assert_int_equal(bad, 1);
    }
    struct modem_settings settings = {.link = modem_link_named("wco433"), .format = MODEM_CU8, .rate_hz = 1e5};
    assert_null(modem_receiver_new(&settings));
}

/* A packet's body with a block, or an answer with data in which any bits are sane; returns its length. */
static size_t random_body(struct modem_random *random, bool block, uint8_t *body)
{
    size_t n = BULLA_BLOCK_SIZE;
    if (block) {
        modem_scene_block(random, body + 1);
    } else {
        const uint8_t answer[] = {0x40, 0, 0, 19, 0x12, 0x34, 0xbe, 0xef, 0, 0, 0, 0, 0x0c, 0, 0, 0, 0};
        n = sizeof answer + 2;
        memcpy(body + 1, answer, sizeof answer);
        for (size_t i = 0; i < 4; i++) {
            body[1 + 8 + i] = (uint8_t)modem_random_next(random);
            body[1 + 13 + i] = (uint8_t)modem_random_next(random);
        }
        uint16_t crc = bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){body + 1, sizeof answer});
        body[1 + sizeof answer] = (uint8_t)(crc >> 8);
        body[2 + sizeof answer] = (uint8_t)crc;
    }
    body[0] = (uint8_t)n;
    uint16_t crc = bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){body, n + 1});
    body[n + 1] = (uint8_t)(crc >> 8);
    body[n + 2] = (uint8_t)crc;
    return n + 3;
}

/* Bodies whose bits were turned are made right only to what was sent, or not at all, in all but one of a thousand. */
static void corrections_are_right(void **state)
{
    (void)state;
    struct modem_random random = {.state = 5};
    for (int block = 0; block < 2; block++) {
        size_t right = 0, wrong = 0;
        for (int round = 0; round < 20000; round++) {
            uint8_t sent[BULLA_PACKET_BODY_MAX], body[BULLA_PACKET_BODY_MAX], before[BULLA_PACKET_BODY_MAX];
            float soft[8 * BULLA_PACKET_BODY_MAX];
            size_t n = random_body(&random, block, sent);
            memcpy(body, sent, n);
            for (size_t bit = 0; bit < 8 * n; bit++) { /* one or two of them are wrong, in the mean */
                soft[bit] = 1 + 0.4f * modem_random_normal(&random);
                if (soft[bit] < 0)
                    body[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
            if (memcmp(body, sent, n) == 0)
                continue;
            memcpy(before, body, n);
            unsigned turned = modem_correct_packet(body, n, soft, true, MODEM_CORRECT_BITS_MAX);
            bool same = memcmp(body, sent, n) == 0;
            assert_true(turned > 0 || memcmp(body, before, n) == 0);
            assert_true(!same || modem_sane_packet(body, n, true));
            right += same;
            wrong += turned > 0 && !same;
        }
        if (right < 3000 || wrong * 1000 > right)
            fail_msg("%s: %zu right, %zu wrong", block ? "blocks" : "answers", right, wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_take_their_time),
        cmocka_unit_test(tones_are_where_they_belong),
        cmocka_unit_test(the_band_is_as_wide_as_said),
        cmocka_unit_test(losses_are_near_theory),
        cmocka_unit_test(payloads_come_back),
        cmocka_unit_test(packets_in_one_slot_are_taken_out_of_each_other),
        cmocka_unit_test(offsets_are_taken_up_to_the_edge),
        cmocka_unit_test(clipped_samples_are_read),
        cmocka_unit_test(weak_packets_are_read),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(hostile_samples_are_no_packets),
        cmocka_unit_test(corrections_are_right),
        cmocka_unit_test(links_are_those_of_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
