/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of a switched carrier: preambles bit by bit, each kind of frame there and back at every rate with duty cycles and
 * edges that are off, what breaks off is damaged and the next one is heard. Waveforms of whole frames: tests/vectors/air/keyed.vec,
 * made by an independent program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/keyed.h"
#include "tests/support/random.h"
#include "tests/support/vec.h"

#define RUNS_MAX 6000
#define LEAD_NS  400000

struct channel {
    bool inverted;
    int duty_permille;  /* by which the high half of a bit is longer, of a bit */
    uint32_t jitter_ns; /* of an edge */
};

static struct bulla_air_run runs[RUNS_MAX];

static size_t send(enum bulla_keyed_link link, uint32_t bps, struct bulla_bytes bytes, const struct channel *c, struct random *random)
{
    struct bulla_keyed_sender sender;
    size_t n = 0;
    int64_t longer = (int64_t)(1000000000u / bps) * c->duty_permille / 1000, moved = 0;
    assert_true(bulla_keyed_send(&sender, link, bps, bytes));
    while (bulla_keyed_next(&sender, &runs[n])) {
        assert_true(n == 0 || runs[n].high == (runs[n - 1].high == c->inverted));
        int64_t edge = c->jitter_ns ? (int64_t)random_below(random, 2 * c->jitter_ns + 1) - c->jitter_ns : 0;
        int64_t ns = runs[n].ns + (runs[n].high ? longer : -longer) + edge - moved;
        moved = edge;
        runs[n].ns = (uint32_t)ns;
        runs[n].high ^= c->inverted;
        n++;
        assert_true(n < RUNS_MAX);
    }
    runs[0].ns += LEAD_NS;
    runs[n - 1].ns += LEAD_NS;
    return n;
}

static enum bulla_status hear(struct bulla_keyed_receiver *receiver, size_t n, struct bulla_bytes *frame)
{
    enum bulla_status status = BULLA_MORE;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(status, BULLA_MORE);
        status = bulla_keyed_hear(receiver, runs[i], frame);
    }
    return status;
}

static size_t random_frame(struct random *random, uint8_t bytes[BULLA_FRAME_MAX], bool from_seal)
{
    random_fill(random, bytes, BULLA_FRAME_MAX);
    if (from_seal && random_below(random, 2)) {
        bytes[0] = (uint8_t)(0x10 | (bytes[0] & 0x0F));
        bytes[13] = (uint8_t)(bytes[13] & ~0x20u);
        return BULLA_BLOCK_SIZE;
    }
    size_t n = 8 + random_below(random, BULLA_FRAME_MAX - 7);
    bytes[0] = 0x40;
    bytes[from_seal ? 3 : 2] = (uint8_t)n;
    return n;
}

/* [ISO-T3-F8] [ISO-T3-F9] [ISO-T3-F7e] [ISO-T4-R8] [ISO-T4-R9] [ISO-T5-F6] [ISO-T5-F8] [ISO-T6-R2] [ISO-T6-R6] Every rate of each link,
 * duty cycles of 45 to 55 %, edges off by a fortieth of a bit, either polarity from a seal. */
static void what_is_sent_is_heard(void **state)
{
    (void)state;
    struct random random = {1};
    for (int round = 0; round < 4000; round++) {
        enum bulla_keyed_link link = (enum bulla_keyed_link)(round % BULLA_KEYED_N);
        const struct bulla_keyed *row = bulla_keyed_of(link);
        uint32_t bps = round < 4    ? row->least_bps
                       : round < 8  ? row->most_bps
                       : round < 12 ? row->nominal_bps
                                    : row->least_bps + (uint32_t)random_below(&random, row->most_bps - row->least_bps + 1);
        struct channel channel = {row->from_seal && random_below(&random, 2), (int)random_below(&random, 101) - 50, 25000000u / bps};
        uint8_t bytes[BULLA_FRAME_MAX];
        size_t n = random_frame(&random, bytes, row->from_seal);
        size_t n_runs = send(link, bps, (struct bulla_bytes){bytes, n}, &channel, &random);
        struct bulla_keyed_receiver receiver;
        struct bulla_bytes frame = {0};
        bulla_keyed_listen(&receiver, link);
        if (hear(&receiver, n_runs, &frame) != BULLA_OK)
            fail_msg("%s, round %d, %u bit/s, duty %d, %zu bytes: not heard", row->text, round, bps, channel.duty_permille, n);
        assert_int_equal(frame.len, n);
        assert_memory_equal(frame.at, bytes, n);
        assert_int_equal(receiver.inverted, channel.inverted);
        double measured = bulla_keyed_rate(&receiver);
        assert_true(measured > bps * 0.97 && measured < bps * 1.03);
    }
}

static void halves_of_head(enum bulla_keyed_link link, unsigned bits, char *text)
{
    for (unsigned half = 0; half < 2 * bits; half++)
        *text++ = (char)('0' + bulla_keyed_head(link, half));
    *text = '\0';
}

/* [ISO-T3-F11] [ISO-T4-R11] Nine zeros; quiet, sync, violation and a code whose correlation with the sync is 0 in every phase. */
static void preambles_are_those_of_the_draft(void **state)
{
    (void)state;
    char text[40];
    halves_of_head(BULLA_KEYED_FHSS_FORWARD, BULLA_KEYED_HEAD_FORWARD, text);
    assert_string_equal(text, "101010101010101010");
    halves_of_head(BULLA_KEYED_NARROW915_RETURN, BULLA_KEYED_HEAD_RETURN, text);
    assert_string_equal(text, "00001100110011001100001010101101");
    struct bulla_line line = {BULLA_LINE_FM0, 0};
    const int wanted[] = {BULLA_LINE_VIOLATION, BULLA_LINE_VIOLATION, 1, 1, 1, 1, 1, 1, 1, 1, BULLA_LINE_VIOLATION, 0, 0, 0, 1, 0};
    for (unsigned bit = 0; bit < BULLA_KEYED_HEAD_RETURN; bit++)
        assert_int_equal(bulla_line_get(&line, (text[2 * bit] == '1') * 2u + (text[2 * bit + 1] == '1')), wanted[bit]);
    for (int phase = 0; phase < 4; phase++) {
        int sum = 0;
        for (int half = 0; half < 12; half++)
            sum += (text[20 + half] == '1' ? 1 : -1) * ((half + phase) % 4 < 2 ? 1 : -1);
        assert_int_equal(sum, 0);
    }
}

static const uint8_t secure[BULLA_BLOCK_SIZE] = {0x1c, 0xa8, 0x22, 0x18, 0x00, 0x4b, 0x5a, 0x1d,
                                                 0xb3, 0x5d, 0x62, 0x99, 0xbc, 0xc0, 0x78, 0x09};
static const uint8_t collect[] = {0x40, 0x04, 0x0c, 0x12, 0x34, 0x1f, 0x00, 0x05, 0x40, 0x00, 0xe7, 0x51};

/* [ISO-T3-F8] [ISO-T4-R8] A run that no bit has, anywhere behind the preamble: damaged; and the frame after it is heard. */
static void illegal_halves_are_noticed(void **state)
{
    (void)state;
    for (int link = 0; link < BULLA_KEYED_N; link++) {
        const struct bulla_keyed *row = bulla_keyed_of((enum bulla_keyed_link)link);
        struct bulla_bytes bytes =
            row->from_seal ? (struct bulla_bytes){secure, sizeof secure} : (struct bulla_bytes){collect, sizeof collect};
        struct channel plain = {0};
        struct bulla_keyed_receiver receiver;
        struct bulla_bytes frame = {0};
        bulla_keyed_listen(&receiver, (enum bulla_keyed_link)link);
        size_t first = row->from_seal ? 11 : 20, n = send((enum bulla_keyed_link)link, row->nominal_bps, bytes, &plain, NULL);
        for (size_t broken = first; broken + 1 < n; broken++) {
            uint32_t half = 500000000u / row->nominal_bps;
            size_t i = 0;
            enum bulla_status status = BULLA_MORE;
            while (status == BULLA_MORE && i < n) {
                struct bulla_air_run run = runs[i];
                run.ns = i == broken ? 3 * half : run.ns;
                status = bulla_keyed_hear(&receiver, run, &frame);
                i++;
            }
            if (status != BULLA_DAMAGED || i < broken || i > broken + 8)
                fail_msg("%s: run %zu of %zu too long: %s at run %zu", row->text, broken, n, bulla_status_text(status), i);
            for (i = 0; i < n; i++)
                status = bulla_keyed_hear(&receiver, runs[i], &frame);
            assert_int_equal(status, BULLA_OK);
            assert_int_equal(frame.len, bytes.len);
            assert_memory_equal(frame.at, bytes.at, bytes.len);
        }
    }
}

/* Random runs of any length are no frames, and rates beyond the limits are none either. */
static void what_is_none_is_not_heard(void **state)
{
    (void)state;
    struct random random = {7};
    struct bulla_keyed_receiver receiver;
    struct bulla_keyed_sender sender;
    struct bulla_bytes frame = {0};
    for (int link = 0; link < BULLA_KEYED_N; link++) {
        const struct bulla_keyed *row = bulla_keyed_of((enum bulla_keyed_link)link);
        bulla_keyed_listen(&receiver, (enum bulla_keyed_link)link);
        for (int i = 0; i < 400000; i++) {
            uint32_t ns = (uint32_t)random_next(&random) >> random_below(&random, 20);
            assert_int_not_equal(bulla_keyed_hear(&receiver, (struct bulla_air_run){i % 2, ns}, &frame), BULLA_OK);
        }
        struct bulla_bytes bytes = {secure, sizeof secure};
        assert_false(bulla_keyed_send(&sender, (enum bulla_keyed_link)link, row->least_bps - 1, bytes));
        assert_false(bulla_keyed_send(&sender, (enum bulla_keyed_link)link, row->most_bps + 1, bytes));
        assert_int_equal(bulla_keyed_from(row->text), link);
    }
    assert_int_equal(bulla_keyed_from("fhss"), -1);
    /* An answer at 40 kbit/s is 15 % too fast for a reader that waits for 34. */
    struct channel plain = {0};
    size_t n = send(BULLA_KEYED_NARROW915_RETURN, 25000, (struct bulla_bytes){secure, 16}, &plain, NULL);
    bulla_keyed_listen(&receiver, BULLA_KEYED_FHSS_RETURN);
    assert_int_equal(hear(&receiver, n, &frame), BULLA_MORE);
}

static enum bulla_status feed(struct bulla_keyed_receiver *r, bool high, uint32_t ns)
{
    struct bulla_bytes frame;
    return bulla_keyed_hear(r, (struct bulla_air_run){high, ns}, &frame);
}

/* What the sender has, until the receiver has an opinion. */
static enum bulla_status say_all(struct bulla_keyed_receiver *r, uint32_t bps, const uint8_t bytes[16])
{
    struct bulla_keyed_sender sender;
    struct bulla_air_run run;
    enum bulla_status status = BULLA_MORE;
    assert_true(bulla_keyed_send(&sender, (enum bulla_keyed_link)r->link, bps, (struct bulla_bytes){bytes, 16}));
    while (status == BULLA_MORE && bulla_keyed_next(&sender, &run))
        status = feed(r, run.high, run.ns);
    return status;
}

static void alternate(struct bulla_keyed_receiver *r, bool first, unsigned n, uint32_t ns)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(feed(r, first ^ (i % 2), ns), BULLA_MORE);
}

static void what_begins_like_one_is_none(void **state)
{
    (void)state;
    static const uint8_t order[16] = {0x41}, answer[16] = {0xF0};
    struct bulla_keyed_receiver r;
    bulla_keyed_listen(&r, BULLA_KEYED_FHSS_FORWARD);
    assert_int_equal(bulla_keyed_rate(&r), 0);
    alternate(&r, true, 40, 12500); /* longer than the clock is taken from */
    assert_int_equal(say_all(&r, 40000, order), BULLA_DAMAGED);
    static const struct {
        bool first;
        uint32_t ns;
    } others[] = {{false, 12500}, {true, 8000}, {true, 90000}}; /* the mark is high; too fast; too slow */
    for (size_t i = 0; i < 3; i++) {
        unsigned n = others[i].first ? 11 : 12;
        bulla_keyed_listen(&r, BULLA_KEYED_FHSS_FORWARD);
        alternate(&r, !others[i].first ^ (n % 2 == 0), n, others[i].ns);
        assert_int_equal(feed(&r, !others[i].first, 2 * others[i].ns), BULLA_MORE);
        assert_int_equal(bulla_keyed_rate(&r), 0);
    }
    bulla_keyed_listen(&r, BULLA_KEYED_FHSS_RETURN);
    assert_int_equal(say_all(&r, 40000, answer), BULLA_DAMAGED);
}

static void runs_that_no_half_has(void **state)
{
    (void)state;
    struct bulla_keyed_receiver r;
    struct bulla_keyed_sender sender;
    struct bulla_air_run run;
    for (int longer = 0; longer < 2; longer++) {
        bulla_keyed_listen(&r, BULLA_KEYED_FHSS_RETURN);
        assert_true(bulla_keyed_send(&sender, BULLA_KEYED_FHSS_RETURN, 40000, (struct bulla_bytes){secure, sizeof secure}));
        while (bulla_keyed_next(&sender, &run) && (r.n_bits == 0 || r.pending))
            assert_int_equal(feed(&r, run.high, run.ns), BULLA_MORE);
        /* `run` is the one that comes next: as long as no more is left of a bit, or as none */
        assert_int_equal(feed(&r, run.high, longer ? 50000 : 1), longer ? BULLA_MORE : BULLA_DAMAGED);
    }
}

/* [ISO-T3-F6a] [ISO-T4-R6] [ISO-T5-F5] Two bytes: 400 us at 40 kbit/s; below a millisecond at every rate of the narrow link. */
static void times_are_those_of_the_draft(void **state)
{
    (void)state;
    assert_int_equal(bulla_keyed_turn_round_ns(40000), 400000);
    assert_int_equal(bulla_keyed_turn_round_ns(34000), 470588);
    assert_true(bulla_keyed_turn_round_ns(bulla_keyed_of(BULLA_KEYED_NARROW915_RETURN)->least_bps) < 1000000);
    assert_int_equal(bulla_keyed_ns(BULLA_KEYED_FHSS_RETURN, 40000, 16), 3600000);
    assert_int_equal(bulla_keyed_ns(BULLA_KEYED_FHSS_FORWARD, 8000, 12), 13125000);
}

/* [ISO-T3-F1b] [ISO-T3-F1b2] [ISO-T3-F1d] At least 50 channels in 902 to 928 MHz, at most 400 kHz apart, on each at most 400 ms at a time
 * (2.5 hops a second) and in any 20 s; every sequence visits all of them. Region 1 has its channels and does not hop. */
static void channels_are_those_of_the_regions(void **state)
{
    (void)state;
    const struct bulla_keyed_plan *plan = bulla_keyed_plan_of(BULLA_KEYED_REGION2);
    assert_true(plan->channels >= 50 && plan->spacing_hz <= 400000 && plan->stay_ms <= 400);
    assert_true(plan->channels * (uint32_t)plan->stay_ms > 20000);
    for (unsigned channel = 0; channel < plan->channels; channel++) {
        uint32_t hz = bulla_keyed_channel_hz(BULLA_KEYED_REGION2, channel);
        assert_true(hz >= 902000000 + 200000 && hz <= 928000000 - 200000);
    }
    for (unsigned sequence = 1; sequence < plan->channels; sequence++) {
        bool visited[128] = {false};
        for (unsigned hop = 0; hop < plan->channels; hop++) {
            uint64_t ms = UINT64_C(1000000007) * plan->channels * plan->stay_ms + (uint64_t)hop * plan->stay_ms;
            int channel = bulla_keyed_hop(BULLA_KEYED_REGION2, sequence, ms);
            assert_true(channel >= 0 && channel < plan->channels && !visited[channel]);
            visited[channel] = true;
            assert_int_equal(bulla_keyed_hop(BULLA_KEYED_REGION2, sequence, ms + plan->stay_ms - 1), channel);
            assert_int_equal(bulla_keyed_hop_left_ms(BULLA_KEYED_REGION2, ms), plan->stay_ms);
            assert_int_equal(bulla_keyed_hop_left_ms(BULLA_KEYED_REGION2, ms + plan->stay_ms - 1), 1);
        }
    }
    for (unsigned sequence = 2; sequence < plan->channels; sequence++) { /* two readers meet once a round */
        unsigned met = 0;
        for (uint64_t hop = 0; hop < plan->channels; hop++)
            met += bulla_keyed_hop(BULLA_KEYED_REGION2, 1, hop * plan->stay_ms) ==
                   bulla_keyed_hop(BULLA_KEYED_REGION2, sequence, hop * plan->stay_ms);
        assert_int_equal(met, 1);
    }
    assert_int_equal(bulla_keyed_hop(BULLA_KEYED_REGION2, 0, 0), -1);
    assert_int_equal(bulla_keyed_hop(BULLA_KEYED_REGION2, plan->channels, 0), -1);
    assert_int_equal(bulla_keyed_channel_hz(BULLA_KEYED_REGION2, plan->channels), 0);
    assert_int_equal(bulla_keyed_channel_hz(BULLA_KEYED_REGION1, 0), 869525000);
    assert_int_equal(bulla_keyed_hop(BULLA_KEYED_REGION1, 1, 0), -1);
    assert_int_equal(bulla_keyed_hop_left_ms(BULLA_KEYED_REGION1, 0), 0);
    plan = bulla_keyed_plan_of(BULLA_KEYED_REGION1_PROPOSED);
    assert_true(plan->channels >= 10 && plan->spacing_hz == 200000 && plan->stay_ms == 0);
    assert_true(bulla_keyed_channel_hz(BULLA_KEYED_REGION1_PROPOSED, 0) - 100000 >= 865500000);
    assert_true(bulla_keyed_channel_hz(BULLA_KEYED_REGION1_PROPOSED, 9) + 100000 <= 867600000);
    assert_int_equal(bulla_keyed_plan_from("region2"), BULLA_KEYED_REGION2);
    assert_int_equal(bulla_keyed_plan_from("region3"), -1);
}

/* ---- vectors ---- */

static json_t *say(const struct vec_block *block, enum bulla_keyed_link link, uint32_t bps)
{
    static char bits[8 * BULLA_FRAME_MAX + BULLA_FRAME_MAX], list[16 * RUNS_MAX];
    struct bulla_keyed_sender sender;
    struct bulla_keyed_receiver receiver;
    struct bulla_air_run run;
    struct bulla_bytes frame = {0};
    size_t at = 0, n = 0;
    enum bulla_status status = BULLA_MORE;
    assert_true(bulla_keyed_send(&sender, link, bps, (struct bulla_bytes){block->bytes, block->n}));
    bulla_keyed_listen(&receiver, link);
    while (bulla_keyed_next(&sender, &run)) {
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s%u", at ? " " : "", run.high ? "" : "-", (unsigned)run.ns);
        status = bulla_keyed_hear(&receiver, run, &frame);
    }
    assert_int_equal(status, BULLA_OK);
    assert_int_equal(frame.len, block->n);
    assert_memory_equal(frame.at, block->bytes, block->n);
    for (size_t i = 0; i < block->n; i++) {
        for (unsigned bit = 0; bit < 8; bit++)
            bits[n++] = (char)('0' + (block->bytes[i] >> (7 - bit) & 1u));
        bits[n++] = i + 1 < block->n ? ' ' : '\0';
    }
    return json_pack("{s:s, s:s, s:I}", "bits", bits, "runs", list, "ns", (json_int_t)bulla_keyed_ns(link, bps, block->n));
}

/* [ISO-T3-F8] [ISO-T3-F11] [ISO-T4-R8] [ISO-T4-R11] [ISO-T4-R13] [ISO-T5-F8] [ISO-T6-R2] */
static void waveforms_are_those_of_the_generator(void **state)
{
    (void)state;
    char why[500];
    struct vec_file *file = vec_read(BULLA_SOURCE_DIR "/tests/vectors/air/keyed.vec", why, sizeof why);
    if (!file)
        fail_msg("%s", why);
    assert_true(file->n >= 8);
    for (size_t i = 0; i < file->n; i++) {
        char link[32] = "";
        unsigned bps = 0;
        assert_int_equal(sscanf(file->blocks[i].profile.settings, "%31s %u", link, &bps), 2);
        assert_true(bulla_keyed_from(link) >= 0);
        json_t *got = say(&file->blocks[i], (enum bulla_keyed_link)bulla_keyed_from(link), bps);
        if (!vec_match(file->blocks[i].expect, got, why, sizeof why))
            fail_msg("%s: %s", file->blocks[i].name, why);
        json_decref(got);
    }
    vec_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_heard),
        cmocka_unit_test(preambles_are_those_of_the_draft),
        cmocka_unit_test(illegal_halves_are_noticed),
        cmocka_unit_test(what_is_none_is_not_heard),
        cmocka_unit_test(what_begins_like_one_is_none),
        cmocka_unit_test(runs_that_no_half_has),
        cmocka_unit_test(times_are_those_of_the_draft),
        cmocka_unit_test(channels_are_those_of_the_regions),
        cmocka_unit_test(waveforms_are_those_of_the_generator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
