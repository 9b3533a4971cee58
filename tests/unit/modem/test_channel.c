/* SPDX-License-Identifier: Apache-2.0
 *
 * The channel against its formulas: losses, the null of two rays, means, K, how often and how fast it fades, shadows that are alike
 * when near, impulses and neighbours; and a yard that has the powers that it says, whatever pieces it is asked for in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader/modem/receiver.h"
#include "reader/modem/yard.h"

#define HZ 433.92e6

static void near_to(const char *what, double expected, double got, double most)
{
    if (!(fabs(expected - got) <= most))
        fail_msg("%s: expected %g, got %g", what, expected, got);
}

static double db_of(struct modem_gain g)
{
    return 10 * log10(g.re * g.re + g.im * g.im);
}

static void losses_follow_their_formulas(void **state)
{
    (void)state;
    near_to("noise of 1 Hz", -173.98, modem_channel_noise_dbm(1, 0), 0.01);
    near_to("noise of 500 kHz behind 6 dB", -110.99, modem_channel_noise_dbm(500e3, 6), 0.01);
    /* 20 log10(d km) + 20 log10(f MHz) + 32.45 */
    near_to("100 m", -20 + 20 * log10(433.92) + 32.45, modem_channel_free_space_db(HZ, 100), 0.01);
    near_to("at the antenna", 20 * log10(4 * M_PI), modem_channel_free_space_db(HZ, 0), 1e-9);
    near_to("exponent 2 is free space", modem_channel_free_space_db(HZ, 70), modem_channel_log_distance_db(HZ, 70, 2), 1e-9);
    near_to("exponent 3.5", modem_channel_free_space_db(HZ, 1) + 35, modem_channel_log_distance_db(HZ, 10, 3.5), 1e-9);
    near_to("straight down", (sqrt(5) - 1) / (sqrt(5) + 1), modem_channel_reflection(5, 1), 1e-9);
    near_to("grazing", -1, modem_channel_reflection(5, 1e-6), 1e-4);
    near_to("Brewster", 0, modem_channel_reflection(5, sin(atan(1 / sqrt(5)))), 1e-9);
    /* Far away the two rays cancel: 40 log10(d) - 20 log10(h1 h2). */
    near_to("5 km", -40 * log10(5000) + 20 * log10(5 * 1.5), db_of(modem_channel_two_ray(HZ, 5000, 5, 1.5, 5)), 0.35);
    near_to("ground that is air", -modem_channel_free_space_db(HZ, hypot(60, 3.5)), db_of(modem_channel_two_ray(HZ, 60, 5, 1.5, 1)), 1e-9);
    /* The last null: the ways differ by one wavelength, at about 2 h1 h2 / lambda. */
    double null_m = 0, least = 0, lambda = 299792458.0 / HZ;
    for (double d = 15; d < 60; d += 0.05) {
        double over = db_of(modem_channel_two_ray(HZ, d, 5, 1.5, 5)) + modem_channel_free_space_db(HZ, d);
        if (over < least) {
            least = over;
            null_m = d;
        }
    }
    near_to("where the last null is", 2 * 5 * 1.5 / lambda, null_m, 2.0);
    double longer = hypot(null_m, 6.5), reflected = modem_channel_reflection(5, 6.5 / longer) * hypot(null_m, 3.5) / longer;
    near_to("how deep it is", 20 * log10(1 + reflected), least, 0.05);
}

/* Over many seals and times: mean power, K by its moments, and how often the level falls through its root mean square. */
static void fading_has_its_statistics(void **state)
{
    (void)state;
    static const double ks[] = {-INFINITY, 0, 6, 12};
    const double doppler = 40, step = 1 / (doppler * 64);
    for (size_t which = 0; which < 4; which++) {
        struct modem_random random = {.state = 77 + which};
        double sum = 0, squares = 0, below10 = 0, seconds = 0;
        long n = 0, crossings = 0;
        for (int seal = 0; seal < 400; seal++) {
            struct modem_fading fading;
            double before = 0;
            modem_fading_init(&fading, &random, ks[which], doppler, 0.3 * doppler);
            for (int i = 0; i < 2000; i++, n++) {
                struct modem_gain g = modem_fading_at(&fading, i * step);
                double power = g.re * g.re + g.im * g.im;
                sum += power;
                squares += power * power;
                below10 += power < 0.1;
                crossings += i > 0 && before < 1 && power >= 1;
                before = power;
            }
            seconds += 2000 * step;
        }
        double mean = sum / (double)n, variance = squares / (double)n - mean * mean, k = pow(10, ks[which] / 10);
        near_to("mean power", 1, mean, 0.03);
        near_to("variance of the power", (1 + 2 * k) / ((1 + k) * (1 + k)), variance, 0.12 * (1 + 2 * k) / ((1 + k) * (1 + k)));
        if (which == 0) {
            near_to("10 dB fades", 1 - exp(-0.1), below10 / (double)n, 0.01);
            near_to("crossings a second", sqrt(2 * M_PI) * doppler * exp(-1), (double)crossings / seconds, 0.06 * doppler);
        }
    }
    struct modem_random random = {.state = 1};
    struct modem_fading still;
    modem_fading_init(&still, &random, INFINITY, 40, 0);
    near_to("nothing fades", 0, db_of(modem_fading_at(&still, 12.3)), 1e-9);
}

/* Power falls by half of what it was alike after 0.1776 / doppler: J0(2 pi f t)^2 of Clarke's model. */
static void fading_is_as_fast_as_the_speed(void **state)
{
    (void)state;
    struct modem_random random = {.state = 5};
    const double doppler = 30;
    for (int which = 0; which < 3; which++) {
        double tau = (which + 1) * 0.1 / doppler, sum = 0, all = 0;
        for (int seal = 0; seal < 4000; seal++) {
            struct modem_fading fading;
            modem_fading_init(&fading, &random, -INFINITY, doppler, 0);
            for (int i = 0; i < 20; i++) {
                struct modem_gain a = modem_fading_at(&fading, 0.31 * i), b = modem_fading_at(&fading, 0.31 * i + tau);
                sum += a.re * b.re + a.im * b.im;
                all += a.re * a.re + a.im * a.im;
            }
        }
        near_to("alike after a time", j0(2 * M_PI * doppler * tau), sum / all, 0.02);
    }
}

static void shadows_are_log_normal_and_alike_when_near(void **state)
{
    (void)state;
    struct modem_random random = {.state = 8};
    double sum = 0, squares = 0, both = 0;
    const int n = 40000;
    for (int i = 0; i < n; i++) {
        struct modem_shadow shadow = {.sigma_db = 6, .length_m = 10};
        double a = modem_shadow_next(&shadow, &random, 0), b = modem_shadow_next(&shadow, &random, 5);
        sum += b;
        squares += b * b;
        both += a * b;
    }
    near_to("mean", 0, sum / n, 0.1);
    near_to("sigma", 6, sqrt(squares / n), 0.1);
    near_to("alike after 5 m of 10", exp(-0.5), both / squares, 0.02);
    struct modem_shadow shadow = {.sigma_db = 6, .length_m = 10};
    double once = modem_shadow_next(&shadow, &random, 0);
    near_to("who does not move", once, modem_shadow_next(&shadow, &random, 0), 1e-12);
}

static void impulses_and_neighbours_have_their_power(void **state)
{
    (void)state;
    enum { N = 2000000 };
    float *iq = calloc(2 * N, sizeof *iq);
    struct modem_random random = {.state = 21};
    struct modem_impulses impulses = {.per_s = 200, .mean_s = 50e-6, .amplitude = 0.5};
    assert_non_null(iq);
    for (size_t at = 0; at < N; at += 1000)
        modem_impulses_add(&impulses, &random, 1e6, iq + 2 * at, 1000);
    double power = 0, busy = 0;
    long begins = 0;
    for (size_t i = 0; i < N; i++) {
        bool on = iq[2 * i] != 0 || iq[2 * i + 1] != 0;
        power += (double)iq[2 * i] * iq[2 * i] + (double)iq[2 * i + 1] * iq[2 * i + 1];
        begins += on && (i == 0 || (iq[2 * i - 2] == 0 && iq[2 * i - 1] == 0));
        busy += on;
    }
    near_to("impulses", 400, (double)begins, 60);
    near_to("of them on", 0.01, busy / N, 0.002);
    near_to("their power while on", 0.25, power / busy, 0.01);
    memset(iq, 0, 2 * N * sizeof *iq);
    struct modem_neighbour neighbour = {.offset_hz = 125e3, .amplitude = 0.25, .deviation_hz = 5e3, .bit_hz = 1e3};
    for (size_t at = 0; at < N; at += 777)
        modem_neighbour_add(&neighbour, &random, 1e6, iq + 2 * at, N - at < 777 ? N - at : 777);
    long up = 0, turns = 0;
    for (size_t i = 0; i + 1 < N; i++) {
        double turned = atan2(iq[2 * i + 3], iq[2 * i + 2]) - atan2(iq[2 * i + 1], iq[2 * i]),
               hz = (turned / (2 * M_PI) - rint(turned / (2 * M_PI))) * 1e6;
        near_to("level", 0.25, hypot(iq[2 * i], iq[2 * i + 1]), 1e-6);
        near_to("one of two tones", 5e3, fabs(hz - 125e3), 5);
        up += hz > 125e3;
        turns++;
    }
    near_to("bits are random", 0.5, (double)up / (double)turns, 0.05);
    free(iq);
}

static void lay_out(struct modem_yard *yard, struct modem_yard_frame *frame, double dbm)
{
    struct modem_random random = {.state = 3};
    *yard = (struct modem_yard){
        .rate_hz = 1e6, .seconds = 0.02, .full_scale_dbm = -40, .figure_db = 6, .frames = frame, .n_frames = 1, .seed = 4};
    *frame = (struct modem_yard_frame){
        .frame = {.at_s = 0.005, .n = BULLA_BLOCK_SIZE, .wave = {.clock = 1, .ramp_s = 5e-5}},
        .level_dbm = dbm};
    modem_scene_block(&random, frame->frame.bytes);
    modem_fading_init(&frame->fading, &random, INFINITY, 0, 0);
}

static void yards_have_the_powers_that_they_say(void **state)
{
    (void)state;
    static float whole[40000], pieces[40000];
    struct modem_yard yard;
    struct modem_yard_frame frame;
    lay_out(&yard, &frame, -60);
    assert_int_equal(modem_yard_next(&yard, whole, 20000), 20000);
    assert_int_equal(modem_yard_next(&yard, whole, 20000), 0);
    double noise = 0, signal = 0;
    for (size_t i = 0; i < 4900; i++)
        noise += (double)whole[2 * i] * whole[2 * i] + (double)whole[2 * i + 1] * whole[2 * i + 1];
    for (size_t i = 5000; i < 10900; i++)
        signal += (double)whole[2 * i] * whole[2 * i] + (double)whole[2 * i + 1] * whole[2 * i + 1];
    near_to("noise, dBm", modem_channel_noise_dbm(1e6, 6), 10 * log10(noise / 4900) - 40, 0.3);
    near_to("a frame, dBm", -60, 10 * log10(signal / 5900) - 40, 0.05);
    lay_out(&yard, &frame, -60);
    yard.figure_db = -INFINITY;
    for (size_t at = 0, n; (n = modem_yard_next(&yard, pieces + 2 * at, at % 3 ? 4096 : 617)) > 0;)
        at += n;
    lay_out(&yard, &frame, -60);
    yard.figure_db = -INFINITY;
    modem_yard_next(&yard, whole, 20000);
    for (size_t i = 0; i < 40000; i++)
        near_to("in pieces", whole[i], pieces[i], 1e-5);
}

static double heard_offset;

static void hear(void *user, const struct modem_frame *frame)
{
    (void)user;
    heard_offset = frame->crc == MODEM_CRC_OK ? frame->offset_hz : NAN;
}

/* A carrier that drifts is, in the mean of its frame, off by what it drifts in half of it; and is read. */
static void carriers_drift(void **state)
{
    (void)state;
    static float iq[40000];
    static uint8_t bytes[320000];
    for (int sign = -1; sign <= 1; sign++) {
        struct modem_yard yard;
        struct modem_yard_frame frame;
        lay_out(&yard, &frame, -60);
        frame.drift_hz_s = sign * 40000;
        struct modem_settings settings = {.format = MODEM_CF32, .rate_hz = 1e6, .start = BULLA_START_ANY, .on_frame = hear};
        struct modem_receiver *receiver = modem_receiver_new(&settings);
        assert_non_null(receiver);
        size_t n = modem_yard_next(&yard, iq, 20000);
        modem_format_put(MODEM_CF32, bytes, iq, n);
        heard_offset = NAN;
        modem_receiver_feed(receiver, bytes, 8 * n);
        modem_receiver_end(receiver);
        modem_receiver_free(receiver);
        near_to("offset", sign * 40000 * 5.904e-3 / 2, heard_offset, 125);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_follow_their_formulas),
        cmocka_unit_test(fading_has_its_statistics),
        cmocka_unit_test(fading_is_as_fast_as_the_speed),
        cmocka_unit_test(shadows_are_log_normal_and_alike_when_near),
        cmocka_unit_test(impulses_and_neighbours_have_their_power),
        cmocka_unit_test(yards_have_the_powers_that_they_say),
        cmocka_unit_test(carriers_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
