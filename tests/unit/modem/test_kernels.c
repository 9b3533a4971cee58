/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels of every kind of processor give the same integers, bit by bit, and floats that differ by rounding only. Needs no more than
 * the kernels, so it runs on other machines too (tests/e2e/neon.sh).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader/modem/kernel.h"
#include "tests/support/random.h"

#define SAMPLES 4096
#define OUTPUTS 512
#define TAPS    40

static const struct modem_kernels *others[8]; /* that run here, all but plain C */
static size_t n_others;

static void find_others(void)
{
    const char *const names[] = {"sse2", "avx2", "avx512", "neon"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct modem_kernels *row = modem_kernels_named(names[i]);
        if (row)
            others[n_others++] = row;
    }
}

static void the_fastest_is_chosen(void **state)
{
    (void)state;
    const struct modem_kernels *best = modem_kernels_best();
    assert_ptr_equal(best, n_others ? modem_kernels_named(best->name) : modem_kernels_named("plain"));
    assert_null(modem_kernels_named("none"));
#if defined(__x86_64__)
    assert_non_null(modem_kernels_named("sse2")); /* which all of them have */
#elif defined(__aarch64__)
    assert_string_equal(best->name, "neon");
#endif
}

static void bytes_become_pairs(void **state)
{
    (void)state;
    static uint8_t bytes[2 * SAMPLES];
    static int16_t ours[2 * SAMPLES], theirs[2 * SAMPLES];
    struct random random = {3};
    for (unsigned round = 0; round < 4 * n_others; round++) {
        const struct modem_kernels *other = others[round / 4];
        const int16_t bias[2] = {(int16_t)(4080 + round), (int16_t)(4090 - round)};
        uint8_t flip = (uint8_t)(round % 2 ? 0x80 : 0);
        random_fill(&random, bytes, sizeof bytes);
        modem_kernels_named("plain")->pairs(ours, bytes, sizeof bytes, flip, bias);
        other->pairs(theirs, bytes, sizeof bytes, flip, bias);
        assert_memory_equal(ours, theirs, sizeof ours);
    }
}

/* n samples of at most `most` either way. */
static void random_samples(struct random *random, int16_t *to, size_t n, int most)
{
    for (size_t i = 0; i < 2 * n; i++)
        to[i] = (int16_t)((int)random_below(random, (uint64_t)(2 * most + 1)) - most);
}

/* In pairs, each twice; so that no sum of them is too large, but some outputs are. */
static void random_taps(struct random *random, int16_t *taps)
{
    random_samples(random, taps, TAPS, 1600);
    for (size_t i = 0; i < 2 * TAPS; i += 4) {
        taps[i + 2] = taps[i];
        taps[i + 3] = taps[i + 1];
    }
}

static void filters_agree(void **state)
{
    (void)state;
    static int16_t samples[2 * SAMPLES], taps[2][2 * TAPS], ours[2 * OUTPUTS], theirs[2 * OUTPUTS];
    struct random random = {4};
    for (unsigned n = 8; n <= TAPS; n += 8)
        for (unsigned decimation = 1; decimation < 7; decimation++)
            for (size_t k = 0; k < n_others; k++) {
                const struct modem_filter filter = {decimation, n, {taps[0], taps[1]}};
                random_samples(&random, samples, SAMPLES, INT16_MAX);
                random_taps(&random, taps[0]);
                random_taps(&random, taps[1]);
                modem_kernels_named("plain")->filter(&filter, samples, ours, OUTPUTS);
                others[k]->filter(&filter, samples, theirs, OUTPUTS);
                assert_memory_equal(ours, theirs, sizeof ours);
            }
}

static void sums_of_lags_agree(void **state)
{
    (void)state;
    static int16_t samples[2 * SAMPLES];
    static int32_t ours[3][64], theirs[3][64];
    struct random random = {5};
    for (size_t n_blocks = 0; n_blocks < 60; n_blocks++)
        for (size_t k = 0; k < n_others; k++) {
            size_t samples_apart = random_below(&random, 60);
            random_samples(&random, samples, SAMPLES, 4 * MODEM_SCALE - 1);
            memset(ours, 0, sizeof ours);
            memset(theirs, 0, sizeof theirs); /* what is beyond the blocks stays so */
            modem_kernels_named("plain")->lag(samples + 2 * 64, samples_apart, n_blocks, &(struct modem_lag){ours[0], ours[1], ours[2]});
            others[k]->lag(samples + 2 * 64, samples_apart, n_blocks, &(struct modem_lag){theirs[0], theirs[1], theirs[2]});
            assert_memory_equal(ours, theirs, sizeof ours);
        }
}

static bool near(struct modem_sum a, struct modem_sum b, float scale)
{
    return fabsf(a.re - b.re) <= 1e-5f * scale && fabsf(a.im - b.im) <= 1e-5f * scale;
}

static void floats_agree(void **state)
{
    (void)state;
    static int16_t samples[4][2 * 256];
    static float parts[2][4][256];
    const struct modem_kernels *plain = modem_kernels_named("plain");
    struct random random = {6};
    for (size_t n = 0; n <= 256; n += 1 + n / 9)
        for (size_t k = 0; k < n_others; k++) {
            for (size_t i = 0; i < 2; i++) {
                random_samples(&random, samples[i], 256, 300);
                plain->split(parts[0][2 * i], parts[0][2 * i + 1], samples[i], n);
                others[k]->split(parts[1][2 * i], parts[1][2 * i + 1], samples[i], n);
            }
            assert_memory_equal(parts[0], parts[1], sizeof parts[0]);
            struct modem_sum a = plain->correlate(parts[0][0], parts[0][1], parts[0][2], parts[0][3], n);
            struct modem_sum b = others[k]->correlate(parts[0][0], parts[0][1], parts[0][2], parts[0][3], n);
            assert_true(near(a, b, 300.0f * 300.0f * (float)(n + 1)));
            struct modem_sum tones[2][2];
            plain->tones(parts[0][0], parts[0][1], parts[0][2], parts[0][3], tones[0]);
            others[k]->tones(parts[0][0], parts[0][1], parts[0][2], parts[0][3], tones[1]);
            assert_true(near(tones[0][0], tones[1][0], 1e6f) && near(tones[0][1], tones[1][1], 1e6f));
        }
}

static void gates_agree(void **state)
{
    (void)state;
    static int16_t samples[2 * 1024];
    static float sums[3][1024], ladders[2][2][1024], over[2][1024];
    const struct modem_kernels *plain = modem_kernels_named("plain");
    struct random random = {7};
    for (size_t half = 5; half < 12; half++)
        for (size_t k = 0; k < n_others; k++) {
            const size_t places[] = {0, half, 2 * half, 4 * half, 8 * half, 16 * half}, reach = 16 * half, n = 700;
            random_samples(&random, samples, 1024, 300);
            for (size_t i = 1; i < 1024; i++)
                for (size_t part = 0; part < 3; part++)
                    sums[part][i] = sums[part][i - 1] + (float)(part < 2 ? samples[2 * i + part] : samples[2 * i] * samples[2 * i] / 64);
            for (size_t which = 0; which < 2; which++) {
                const struct modem_kernels *row = which ? others[k] : plain;
                row->ladder(ladders[which][0], sums[0], places, 3, n);
                row->ladder(ladders[which][1], sums[1], places, 3, n);
                row->steps(&(struct modem_steps){ladders[0][0], ladders[0][1], sums[0], sums[1], sums[2], reach, 1 / (float)reach, 9},
                           over[which], n);
            }
            for (size_t i = 0; i < n; i++) {
                assert_true(fabsf(ladders[0][0][i] - ladders[1][0][i]) <= 1e-3f * (float)reach * 300);
                assert_true(fabsf(over[0][i] - over[1][i]) <= 1e-4f * (fabsf(over[0][i]) + 9 * sums[2][1023]));
            }
        }
}

int main(void)
{
    find_others();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_is_chosen), cmocka_unit_test(bytes_become_pairs), cmocka_unit_test(filters_agree),
        cmocka_unit_test(sums_of_lags_agree),    cmocka_unit_test(floats_agree),       cmocka_unit_test(gates_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
