/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on the air: each kind of frame there and back, with clocks that are off, jitter, either polarity, ramps and noise
 * before it; what breaks off is damaged and what follows is heard. Waveforms bit by bit: tests/vectors/air. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "bulla/air.h"
#include "tests/support/random.h"

#define RUNS_MAX 6000

struct channel {
    bool inverted;
    int clock_permille;
    uint32_t jitter_ns;
    bool stop_bit;
};

static struct bulla_air_run runs[RUNS_MAX];

static size_t send(enum bulla_air_link link, struct bulla_bytes bytes, const struct channel *c, struct random *random)
{
    struct bulla_air_sender sender;
    size_t n = 0;
    bulla_air_send(&sender, link, bytes, c->stop_bit);
    while (bulla_air_next(&sender, &runs[n])) {
        int64_t ns = (int64_t)runs[n].ns * (1000 + c->clock_permille) / 1000;
        if (c->jitter_ns)
            ns += (int64_t)random_below(random, 2 * c->jitter_ns + 1) - c->jitter_ns;
        assert_true(n == 0 || runs[n].high == (n % 2 == 0));
        runs[n].ns = (uint32_t)ns;
        runs[n].high ^= c->inverted;
        n++;
        assert_true(n < RUNS_MAX);
    }
    return n;
}

static enum bulla_status hear(struct bulla_air_receiver *receiver, size_t n, struct bulla_bytes *frame)
{
    enum bulla_status status = BULLA_MORE;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(status, BULLA_MORE);
        status = bulla_air_hear(receiver, runs[i], frame);
    }
    return status;
}

/* Two blocks, or the free ones behind them; or a frame of any length. Not necessarily with a right CRC, which is not the air's. */
static size_t random_frame(struct random *random, uint8_t bytes[BULLA_FRAME_MAX], bool from_seal)
{
    random_fill(random, bytes, BULLA_FRAME_MAX);
    if (from_seal && random_below(random, 2)) {
        unsigned more = (unsigned)random_below(random, 8);
        bytes[0] = (uint8_t)(0x10 | (bytes[0] & 0x0F));
        bytes[13] = (uint8_t)((bytes[13] & ~0x20u) | (more > 0 ? 0x20u : 0));
        for (unsigned i = 1; i <= more; i++)
            bytes[16 * i] = (uint8_t)((bytes[16 * i] & 0x7F) | (i < more ? 0x80 : 0));
        return 16u + 16u * more;
    }
    size_t n = 8 + random_below(random, BULLA_FRAME_MAX - 7);
    bytes[0] = 0x40;
    bytes[from_seal ? 3 : 2] = (uint8_t)n;
    return n;
}

/* [ISO-T7-F8] [ISO-T8-R8] [ISO-T7-F11a] [ISO-T8-R10] Clocks 5 % off, edges 1.5 us off, either polarity, both directions. */
static void what_is_sent_is_heard(void **state)
{
    (void)state;
    struct random random = {1};
    for (int round = 0; round < 2000; round++) {
        enum bulla_air_link link = (enum bulla_air_link)random_below(&random, BULLA_AIR_N);
        struct channel channel = {random_below(&random, 2), (int)random_below(&random, 101) - 50, (uint32_t)random_below(&random, 1500),
                                  random_below(&random, 2)};
        uint8_t bytes[BULLA_FRAME_MAX];
        size_t n = random_frame(&random, bytes, bulla_air_of(link)->from_seal);
        size_t n_runs = send(link, (struct bulla_bytes){bytes, n}, &channel, &random);
        struct bulla_air_receiver receiver;
        struct bulla_bytes frame = {0};
        bulla_air_listen(&receiver, channel.stop_bit);
        assert_int_equal(hear(&receiver, n_runs, &frame), BULLA_OK);
        assert_int_equal(frame.len, n);
        assert_memory_equal(frame.at, bytes, n);
        assert_int_equal(receiver.link, link);
        assert_int_equal(receiver.inverted, channel.inverted);
    }
}

static const uint8_t secure[BULLA_BLOCK_SIZE] = {0x1c, 0xa8, 0x22, 0x18, 0x00, 0x4b, 0x5a, 0x1d,
                                                 0xb3, 0x5d, 0x62, 0x99, 0xbc, 0xc0, 0x78, 0x09};

/* A carrier that stays on after the frame, and one that ends: the last half bit is no longer or shorter for it. */
static void what_follows_a_frame_does_not_matter(void **state)
{
    (void)state;
    struct channel plain = {0};
    struct bulla_air_receiver receiver;
    struct bulla_bytes frame;
    const uint32_t tails[] = {0, 1000, 1000000, UINT32_MAX - 40000};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        size_t n = send(BULLA_AIR_ISO433_RETURN, (struct bulla_bytes){secure, 16}, &plain, NULL);
        runs[n - 1].ns += tails[i];
        bulla_air_listen(&receiver, false);
        assert_int_equal(hear(&receiver, n, &frame), BULLA_OK);
        assert_memory_equal(frame.at, secure, 16);
    }
}

/* Noise and a ramp before it, half of the preamble lost; one frame after another with no pause. */
static void a_frame_is_found_in_what_is_heard(void **state)
{
    (void)state;
    struct random random = {2};
    struct channel plain = {0};
    struct bulla_air_receiver receiver;
    struct bulla_bytes frame;
    bulla_air_listen(&receiver, false);
    for (int round = 0; round < 500; round++) {
        bool high = true;
        for (unsigned i = 0; i < 50; i++, high = !high) {
            struct bulla_air_run noise = {high, (uint32_t)random_below(&random, 90000)};
            (void)bulla_air_hear(&receiver, noise, &frame);
        }
        (void)bulla_air_hear(&receiver, (struct bulla_air_run){high, 1000000}, &frame); /* the carrier's ramp */
        size_t n = send(BULLA_AIR_ISO433_RETURN, (struct bulla_bytes){secure, 16}, &plain, NULL);
        size_t lost = random_below(&random, 28);
        enum bulla_status status = BULLA_MORE;
        for (size_t i = lost; i < n; i++)
            status = bulla_air_hear(&receiver, runs[i], &frame);
        assert_int_equal(status, BULLA_OK);
        assert_memory_equal(frame.at, secure, 16);
    }
}

/* Every run of a frame made wrong, one at a time: never another frame, and the next one is heard. */
static void what_breaks_off_is_damaged(void **state)
{
    (void)state;
    struct channel plain = {0};
    const uint32_t wrong[] = {1000, 27500, 66000, 90000};
    size_t n = send(BULLA_AIR_ISO433_RETURN, (struct bulla_bytes){secure, 16}, &plain, NULL);
    for (size_t at = 0; at < n - 1; at++)
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
            struct bulla_air_receiver receiver;
            struct bulla_bytes frame = {0};
            enum bulla_status status = BULLA_MORE;
            bulla_air_listen(&receiver, false);
            for (size_t i = 0; i < n && status == BULLA_MORE; i++) {
                struct bulla_air_run run = runs[i];
                run.ns = i == at ? wrong[w] : run.ns;
                status = bulla_air_hear(&receiver, run, &frame);
            }
            assert_true(status != BULLA_OK || memcmp(frame.at, secure, 16) == 0 || wrong[w] == 27500);
            for (size_t i = 0; i < n; i++)
                status = bulla_air_hear(&receiver, runs[i], &frame);
            assert_int_equal(status, BULLA_OK);
            assert_memory_equal(frame.at, secure, 16);
        }
}

/* A stop bit that is not zero; a block to a seal, which none is; a byte that begins nothing. */
static void what_is_no_frame_is_damaged(void **state)
{
    (void)state;
    struct channel plain = {0}, stop = {.stop_bit = true};
    struct bulla_air_receiver receiver;
    struct bulla_bytes frame;
    const uint8_t nothing[3] = {0xFF, 0xFF, 0xFF}, empty[4] = {0x40, 0, 0, 0};
    const struct {
        enum bulla_air_link link;
        struct bulla_bytes bytes;
        bool stop_bit;
    } cases[] = {{BULLA_AIR_ISO433_FORWARD, {secure, 16}, false},
                 {BULLA_AIR_ISO433_RETURN, {nothing, 3}, false},
                 {BULLA_AIR_ISO433_RETURN, {empty, 4}, false},
                 {BULLA_AIR_ISO433_RETURN, {secure + 15, 1}, false},
                 {BULLA_AIR_ISO433_RETURN, {nothing, 3}, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = send(cases[i].link, cases[i].bytes, &plain, NULL);
        enum bulla_status status = BULLA_MORE;
        bulla_air_listen(&receiver, cases[i].stop_bit);
        for (size_t at = 0; at < n && status == BULLA_MORE; at++)
            status = bulla_air_hear(&receiver, runs[at], &frame);
        assert_int_equal(status, BULLA_DAMAGED);
    }
    size_t n = send(BULLA_AIR_ISO433_RETURN, (struct bulla_bytes){secure, 16}, &stop, NULL);
    bulla_air_listen(&receiver, false);
    enum bulla_status status = BULLA_MORE;
    for (size_t at = 0; at < n; at++)
        status = bulla_air_hear(&receiver, runs[at], &frame);
    assert_true(status != BULLA_OK || memcmp(frame.at, secure, 16) != 0);
}

static void a_frame_says_how_long_it_is(void **state)
{
    (void)state;
    uint8_t bytes[BULLA_CHAIN_SIZE] = {0x10};
    assert_int_equal(bulla_air_needs((struct bulla_bytes){NULL, 0}, true), 1);
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, 1}, true), 16);
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, 1}, false), 0);
    bytes[13] = 0x20;
    for (size_t i = 16; i < sizeof bytes; i += 16)
        bytes[i] = 0x80;
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, 15}, true), 16);
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, 16}, true), 32);
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, sizeof bytes}, true), BULLA_CHAIN_SIZE);
    bytes[0] = 0x40;
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, 1}, false), 4);
    bytes[2] = 12;
    bytes[3] = 19;
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, 4}, false), 12);
    assert_int_equal(bulla_air_needs((struct bulla_bytes){bytes, 4}, true), 19);
}

static void links_have_names_and_times(void **state)
{
    (void)state;
    for (int link = 0; link < BULLA_AIR_N; link++)
        assert_int_equal(bulla_air_from(bulla_air_of((enum bulla_air_link)link)->text), link);
    assert_int_equal(bulla_air_from("iso433"), -1);
    assert_int_equal(bulla_air_ns(BULLA_AIR_ISO433_RETURN, 16, false), 5904000);
    assert_int_equal(bulla_air_ns(BULLA_AIR_ISO433_RETURN, 16, true), 6480000);
    assert_int_equal(bulla_air_ns(BULLA_AIR_ISO433_FORWARD, 12, false), 4764000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_heard),
        cmocka_unit_test(what_follows_a_frame_does_not_matter),
        cmocka_unit_test(a_frame_is_found_in_what_is_heard),
        cmocka_unit_test(what_breaks_off_is_damaged),
        cmocka_unit_test(what_is_no_frame_is_damaged),
        cmocka_unit_test(a_frame_says_how_long_it_is),
        cmocka_unit_test(links_have_names_and_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
