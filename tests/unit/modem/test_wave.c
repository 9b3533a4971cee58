/* SPDX-License-Identifier: Apache-2.0
 *
 * What the transmitter sends: sample by sample as an independent generator has it (tests/vectors/air/iq.vec), tones where they belong,
 * ramps, and nothing outside of the channel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/modem/format.h"
#include "reader/modem/scene.h"
#include "tests/support/vec.h"

#define SAMPLES 40000

static float iq[2 * SAMPLES];
static const uint8_t secure[BULLA_BLOCK_SIZE] = {0x1c, 0xa8, 0x22, 0x18, 0x00, 0x4b, 0x5a, 0x1d,
                                                 0xb3, 0x5d, 0x62, 0x99, 0xbc, 0xc0, 0x78, 0x09};

/* The vectors have 110 samples from 50 before the first edge on, and 200 from 1,190 behind it: the last cycle, the sync and bits. */
static void samples_are_those_of_the_generator(void **state)
{
    (void)state;
    char why[500];
    struct vec_file *file = vec_read(BULLA_SOURCE_DIR "/tests/vectors/air/iq.vec", why, sizeof why);
    if (!file)
        fail_msg("%s", why);
    assert_int_equal(file->n, 3);
    for (size_t i = 0; i < file->n; i++) {
        const struct vec_block *block = &file->blocks[i];
        char link[32], polarity[2];
        double offset, ramp_us;
        assert_int_equal(sscanf(block->profile.settings, "%31s %lf %lf %1s", link, &offset, &ramp_us, polarity), 4);
        struct modem_wave wave = {.to_seal = bulla_air_from(link) == BULLA_AIR_ISO433_FORWARD,
                                  .bytes = {block->bytes, block->n},
                                  .inverted = polarity[0] == 'i',
                                  .offset_hz = offset,
                                  .clock = 1,
                                  .ramp_s = ramp_us * 1e-6,
                                  .amplitude = 0.5};
        memset(iq, 0, sizeof iq);
        modem_wave_add(&wave, 1e6, 50, iq, SAMPLES);
        uint8_t ours[620], theirs[620];
        const char *hex = json_string_value(json_object_get(block->expect, "cs8"));
        assert_int_equal(strlen(hex), 1240);
        assert_true(bulla_hex_get(theirs, hex, 620));
        modem_format_put(MODEM_CS8, ours, iq, 110);
        modem_format_put(MODEM_CS8, ours + 220, iq + 2 * (50 + 1190), 200);
        for (size_t k = 0; k < 620; k++)
            if (abs((int8_t)ours[k] - (int8_t)theirs[k]) > 1)
                fail_msg("%s: number %zu: expected %d, got %d", block->name, k, (int8_t)theirs[k], (int8_t)ours[k]);
    }
    vec_free(file);
}

/* [ISO-T7-F6f] [ISO-T8-R6f] Between two samples of one tone the phase turns by its deviation. */
static void tones_are_where_they_belong(void **state)
{
    (void)state;
    for (int link = 0; link < BULLA_AIR_N; link++) {
        const struct bulla_air *air = bulla_air_of((enum bulla_air_link)link);
        struct modem_wave wave = {
            .to_seal = !bulla_air_of((enum bulla_air_link)link)->from_seal, .bytes = {secure, 16}, .clock = 1, .amplitude = 1};
        memset(iq, 0, sizeof iq);
        modem_wave_add(&wave, 2e6, 100, iq, SAMPLES);
        for (size_t half = 0; half < 2 * air->cycles; half++)
            for (size_t i = 100 + 60 * half + 1; i + 1 < 100 + 60 * (half + 1); i++) {
                double turned = atan2(iq[2 * i + 3], iq[2 * i + 2]) - atan2(iq[2 * i + 1], iq[2 * i]);
                double hz = (turned / (2 * M_PI) - rint(turned / (2 * M_PI))) * 2e6;
                assert_true(fabs(hz - (half % 2 ? -1.0 : 1.0) * air->deviation_hz) < 20);
            }
    }
}

/* [ISO-T7-F5c] [ISO-T8-R5] The power goes up and down within a millisecond, without a step. */
static void ramps_take_a_millisecond(void **state)
{
    (void)state;
    struct modem_wave wave = {.bytes = {secure, 16}, .clock = 1, .ramp_s = 1e-3, .amplitude = 1};
    memset(iq, 0, sizeof iq);
    modem_wave_add(&wave, 1e6, 2000, iq, SAMPLES);
    assert_true(fabs(modem_wave_seconds(&wave) - 7.904e-3) < 1e-9);
    double before = 0;
    for (size_t i = 0; i < 12000; i++) {
        double size = hypot(iq[2 * i], iq[2 * i + 1]);
        assert_true(fabs(size - before) < 0.002);
        assert_true(i > 1000 || size == 0);
        assert_true(i < 2000 || i > 2000 + 5904 || fabs(size - 1) < 1e-5);
        assert_true(i < 2000 + 5904 + 1000 || size == 0);
        before = size;
    }
}

/* [ISO-T7-F2] [ISO-T8-R1] Of a frame that is 200 ppm off, 99.5 % of the power is within 250 kHz of the nominal carrier. */
static void the_channel_holds_a_frame(void **state)
{
    (void)state;
    const size_t n = 4096;
    for (int link = 0; link < BULLA_AIR_N; link++) {
        struct modem_wave wave = {.to_seal = !bulla_air_of((enum bulla_air_link)link)->from_seal,
                                  .bytes = {secure, 16},
                                  .clock = 1,
                                  .offset_hz = 86784,
                                  .amplitude = 1};
        memset(iq, 0, sizeof iq);
        modem_wave_add(&wave, 2e6, 0, iq, SAMPLES);
        double inside = 0, all = 0;
        for (size_t k = 0; k < n; k += 1) {
            double hz = ((double)k - (double)n / 2) * 2e6 / (double)n, re = 0, im = 0, turn = 2 * M_PI * hz / 2e6;
            double c = 1, s = 0, step_c = cos(turn), step_s = -sin(turn);
            for (size_t i = 0; i < n; i++) { /* of the preamble and the first bits, under a window */
                double window = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n), next = c * step_c - s * step_s;
                re += window * (iq[2 * i] * c - iq[2 * i + 1] * s);
                im += window * (iq[2 * i] * s + iq[2 * i + 1] * c);
                s = c * step_s + s * step_c;
                c = next;
            }
            all += re * re + im * im;
            inside += fabs(hz) <= 250e3 ? re * re + im * im : 0;
        }
        if (inside < 0.995 * all)
            fail_msg("%s: %.4f of the power within the channel", bulla_air_of((enum bulla_air_link)link)->text, inside / all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_those_of_the_generator),
        cmocka_unit_test(tones_are_where_they_belong),
        cmocka_unit_test(ramps_take_a_millisecond),
        cmocka_unit_test(the_channel_holds_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
