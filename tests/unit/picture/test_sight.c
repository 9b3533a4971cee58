/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures of recordings: a tone is where it is and as strong as it is, a short burst stays seen however long the recording is, memory
 * does not grow, the plane finds its scale; formats become floats and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader/modem/format.h"
#include "reader/modem/random.h"
#include "reader/picture/sight.h"

#define RATE 1024e3 /* a bin is a kHz wide */

static float iq[2 * 65536];

static void tone(size_t n, double hz, double amplitude, double noise)
{
    struct modem_random random = {.state = 6};
    for (size_t i = 0; i < n; i++) {
        double turns = fmod((double)i * hz / RATE, 1) * 2 * M_PI;
        iq[2 * i] = (float)(amplitude * cos(turns) + noise * (double)modem_random_normal(&random));
        iq[2 * i + 1] = (float)(amplitude * sin(turns) + noise * (double)modem_random_normal(&random));
    }
}

static void tones_are_where_they_are(void **state)
{
    (void)state;
    struct sight *s = sight_new(RATE);
    assert_non_null(s);
    tone(65536, -200e3, 0.25, 0);
    sight_feed(s, iq, 65536, 1);
    sight_end(s);
    size_t bin = SIGHT_BINS / 2 - 200;
    assert_true(fabsf(sight_mean_db(s, bin) - 20 * log10f(0.25f)) < 0.02f);
    assert_true(fabsf(sight_loudest_db(s, bin) - sight_mean_db(s, bin)) < 0.02f);
    assert_true(fabsf(sight_mean_db(s, bin + 1) - (20 * log10f(0.25f) - 6.02f)) < 0.05f); /* of the window */
    for (size_t other = 0; other < SIGHT_BINS; other++)
        assert_true(labs((long)other - (long)bin) <= 1 || sight_mean_db(s, other) < -80);
    assert_true(fabsf(sight_db(s->power / 65536) - 20 * log10f(0.25f)) < 0.01f);
    assert_int_equal(s->clipped, 0);
    assert_int_equal(sight_scale(s), 1); /* 0.25 is not below 1/4, but below 1/2 */
    assert_true(fabs(sight_seconds(s) - 0.064) < 1e-9);
    sight_free(s);
}

/* Noise of power P spread over all bins has P over their number in each, and 1.76 dB more for the window. */
static void noise_has_its_density(void **state)
{
    (void)state;
    struct sight *s = sight_new(RATE);
    float low, high;
    assert_non_null(s);
    tone(65536, 0, 0, 0.1);
    for (int i = 0; i < 8; i++)
        sight_feed(s, iq, 65536, 1);
    double sum = 0;
    for (size_t bin = 0; bin < SIGHT_BINS; bin++)
        sum += s->mean[bin] / (double)s->spectra;
    assert_true(fabs(10 * log10(sum / (0.02 * 1.5)) + 0) < 0.1);
    sight_range(s, &low, &high);
    assert_true(fabsf(low - (10 * log10f(0.03f / SIGHT_BINS))) < 1.0f);
    assert_true(high > low + 8 && high < low + 21);
    sight_free(s);
}

static void a_burst_stays_seen(void **state)
{
    (void)state;
    struct sight *s = sight_new(RATE);
    assert_non_null(s);
    size_t pieces = 400, with = 123; /* 25,600 spectra: 25 in a row at the least */
    for (size_t i = 0; i < pieces; i++) {
        memset(iq, 0, sizeof iq);
        if (i == with)
            tone(2048, 100e3, 0.9, 0);
        sight_feed(s, iq, 65536, 0.89f);
    }
    assert_int_equal(s->samples, pieces * 65536);
    assert_true(s->n_rows <= SIGHT_ROWS && s->n_rows > SIGHT_ROWS / 2);
    assert_true(sight_seconds(s) >= (double)s->samples / RATE && sight_seconds(s) < 1.01 * (double)s->samples / RATE);
    size_t bin = SIGHT_BINS / 2 + 100, row = with * 64 / s->per_row, seen = 0;
    for (size_t r = 0; r < s->n_rows; r++)
        if (sight_block_db(s, r, r, bin, bin) > -3) {
            assert_int_equal(r, row);
            seen++;
        }
    assert_int_equal(seen, 1);
    assert_true(fabsf(s->row_peak[row] - 0.81f) < 0.01f);
    assert_true(s->clipped > 0 && s->clipped < 2048);
    sight_free(s);
}

/* Against the sum that it is an abbreviation of. */
static void spectra_are_sums(void **state)
{
    (void)state;
    static struct fft fft;
    struct modem_random random = {.state = 9};
    for (size_t n = 2; n <= 256; n *= 2) {
        float x[512], spectrum[512];
        fft_init(&fft, n);
        for (size_t i = 0; i < 2 * n; i++)
            spectrum[i] = x[i] = modem_random_normal(&random);
        fft_run(&fft, spectrum);
        for (size_t k = 0; k < n; k++) {
            double re = 0, im = 0;
            for (size_t i = 0; i < n; i++) {
                double angle = -2 * M_PI * (double)(i * k % n) / (double)n, c = cos(angle), s = sin(angle);
                re += (double)x[2 * i] * c - (double)x[2 * i + 1] * s;
                im += (double)x[2 * i] * s + (double)x[2 * i + 1] * c;
            }
            assert_true(fabs(re - (double)spectrum[2 * k]) < 1e-4 && fabs(im - (double)spectrum[2 * k + 1]) < 1e-4);
        }
    }
}

static void little_is_enough(void **state)
{
    (void)state;
    float low, high;
    struct sight *s = sight_new(RATE);
    assert_non_null(s);
    sight_end(s);
    sight_range(s, &low, &high);
    assert_true(high > low && sight_seconds(s) == 0);
    assert_true(sight_mean_db(s, 3) == SIGHT_LEAST);
    tone(5, 0, 0.5, 0);
    sight_feed(s, iq, 5, 1);
    sight_end(s);
    assert_int_equal(s->n_rows, 1);
    sight_free(s);
    uint8_t dark[3], bright[3];
    sight_colour(-1, dark);
    sight_colour(NAN, dark);
    sight_colour(2, bright);
    assert_true(bright[0] > dark[0] && bright[1] > dark[1]);
}

static void formats_become_floats(void **state)
{
    (void)state;
    struct modem_random random = {.state = 2};
    for (int format = 0; format < MODEM_FORMATS; format++) {
        float from[200], to[200];
        uint8_t bytes[800];
        for (size_t i = 0; i < 200; i++)
            from[i] = (float)modem_random_between(&random, -1, 1);
        modem_format_put((enum modem_format)format, bytes, from, 100);
        modem_format_get((enum modem_format)format, to, bytes, 100);
        float step = format == MODEM_CF32 ? 0 : format == MODEM_CS16 ? 0.51f / 32767 : 0.51f / 127;
        for (size_t i = 0; i < 200; i++)
            assert_true(fabsf(from[i] - to[i]) <= step);
    }
    const uint8_t nan[8] = {0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0xff};
    float to[2] = {1, 1};
    modem_format_get(MODEM_CF32, to, nan, 1);
    assert_true(to[0] == 0 && to[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_are_where_they_are), cmocka_unit_test(noise_has_its_density), cmocka_unit_test(a_burst_stays_seen),
        cmocka_unit_test(spectra_are_sums),         cmocka_unit_test(little_is_enough),      cmocka_unit_test(formats_become_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
