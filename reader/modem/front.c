/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/front.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAPS_LEAST   16u
#define TAPS_MOST    504u
#define UNITY        32767
#define BESSEL_TERMS 20
#define DC_SAMPLES   131072 /* a quarter of a second, about */
#define KAISER_BETA  3.4

static unsigned decimation_for(double rate_hz, const struct modem_band *band)
{
    unsigned d = (unsigned)(rate_hz / band->least_hz);
    if (d < 1)
        d = 1;
    return rate_hz / d > band->most_hz ? d + 1 : d;
}

static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int i = 1; i < BESSEL_TERMS; i++) {
        term *= x / (2 * i) * (x / (2 * i));
        sum += term;
    }
    return sum;
}

/* A low pass of n taps under a Kaiser window, as it lies in pairs; the second phase has one zero tap before it. */
static void design(int16_t *taps, unsigned n, unsigned room, double edge)
{
    double h[512], sum = 0, middle = (n - 1) / 2.0;
    for (unsigned i = 0; i < n; i++) {
        double x = i - middle, r = middle > 0 ? x / (middle + 0.5) : 0;
        double sinc = x == 0 ? 2 * edge : sin(2 * M_PI * edge * x) / (M_PI * x);
        h[i] = sinc * bessel(KAISER_BETA * sqrt(1 - r * r));
        sum += h[i];
    }
    for (unsigned phase = 0; phase < 2; phase++)
        for (unsigned i = 0; i < room; i++) {
            unsigned at = i - phase;
            int16_t tap = at < n ? (int16_t)lrint(h[at] / sum * UNITY) : 0;
            int16_t *to = taps + phase * 2 * room + i / 2 * 4 + i % 2;
            to[0] = to[2] = tap;
        }
}

bool modem_front_open(struct modem_front *front, enum modem_format format, double rate_hz, const struct modem_band *band,
                      const struct modem_kernels *kernels)
{
    unsigned d = decimation_for(rate_hz, band), wanted = band->taps * d;
    bool narrow = d == 1 && rate_hz <= 2 * band->edge_hz * 1.1; /* nothing is outside of the channel */
    unsigned n = narrow ? 1 : wanted < TAPS_LEAST ? TAPS_LEAST : wanted > TAPS_MOST ? TAPS_MOST : wanted;
    unsigned room = (n + d % 2 + 7) / 8 * 8; /* one more where outputs begin at odd samples too */
    double edge = band->edge_hz < rate_hz / d / 2 ? band->edge_hz / rate_hz : 0.5 / d;
    *front = (struct modem_front){.format = format, .rate_hz = rate_hz, .work_hz = rate_hz / d, .kernels = kernels, .gain = 0};
    front->delay = (n - 1) / 2.0;
    front->taps = malloc(4 * room * sizeof *front->taps);
    front->filter = (struct modem_filter){d, room, {front->taps, front->taps + 2 * room}};
    size_t most = MODEM_SLICE_IN(front) + room + 8 * d + 2 * MODEM_UNIT;
    front->held = calloc(2 * most, sizeof *front->held);
    if (!front->taps || !front->held) {
        modem_front_close(front);
        return false;
    }
    design(front->taps, n, room, edge);
    return true;
}

void modem_front_close(struct modem_front *front)
{
    free(front->taps);
    free(front->held);
    front->taps = front->held = NULL;
}

/* ---- what files have ---- */

static float sample_of(enum modem_format format, const uint8_t *from, size_t i)
{
    if (format == MODEM_CS16)
        return (float)(int16_t)(from[2 * i] | from[2 * i + 1] << 8) * (MODEM_SCALE / 32768.0f);
    uint32_t bits = from[4 * i] | (uint32_t)from[4 * i + 1] << 8 | (uint32_t)from[4 * i + 2] << 16 | (uint32_t)from[4 * i + 3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value * MODEM_SCALE;
}

/* A gain at which the largest of them is at full scale or just below; it only goes up when they became much quieter. */
static void set_gain(struct modem_front *front, const float *values, size_t n)
{
    float peak = 0;
    for (size_t i = 0; i < n; i++) {
        float size = fabsf(values[i]);
        peak = size > peak && size < 1e9f ? size : peak; /* also: no infinity, no NaN */
    }
    if (peak == 0)
        return;
    if (front->gain == 0 || peak * front->gain > MODEM_SCALE || peak * front->gain < MODEM_SCALE / 8)
        front->gain = exp2f(floorf(log2f(MODEM_SCALE / peak)) - (front->steady ? 1 : 0));
}

static int16_t limited(float value)
{
    if (!(value > -MODEM_SCALE)) /* NaN too */
        return -MODEM_SCALE;
    return value < MODEM_SCALE ? (int16_t)lrintf(value) : MODEM_SCALE;
}

static void take_wide(struct modem_front *front, int16_t *to, const uint8_t *from, size_t n)
{
    float values[2 * MODEM_UNIT * 16];
    const size_t step = MODEM_UNIT * 16;
    for (size_t at = 0; at < n; at += step) {
        size_t part = n - at < step ? n - at : step;
        for (size_t i = 0; i < 2 * part; i++)
            values[i] = sample_of(front->format, from, 2 * at + i);
        set_gain(front, values, 2 * part);
        for (size_t i = 0; i < 2 * part; i++) {
            size_t sample = at + i / 2;
            to[sample / 2 * 4 + i % 2 * 2 + sample % 2] = limited((values[i] - front->dc[i % 2]) * front->gain);
        }
    }
}

/* Follows the mean of what came out, which is what is left of it. */
static void follow_dc(struct modem_front *front, const int16_t *out, size_t n)
{
    int64_t sum[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        sum[0] += out[2 * i];
        sum[1] += out[2 * i + 1];
    }
    front->n_out += n;
    float known = (float)(front->n_out < DC_SAMPLES ? front->n_out : DC_SAMPLES), gain = front->gain > 0 ? front->gain : 1;
    for (size_t k = 0; k < 2 && !front->steady; k++)
        front->dc[k] += (float)sum[k] / known / gain;
}

static void take_bytes(struct modem_front *front, int16_t *to, const void *from, size_t n)
{
    int middle = front->format == MODEM_CU8 ? 32 * 255 / 2 : 32 * 128;
    const int16_t bias[2] = {(int16_t)(middle + lrintf(front->dc[0])), (int16_t)(middle + lrintf(front->dc[1]))};
    front->kernels->pairs(to, from, 2 * n, front->format == MODEM_CU8 ? 0 : 0x80, bias);
}

size_t modem_front_feed(struct modem_front *front, const void *from, size_t n, int16_t *to)
{
    int16_t *end = front->held + 2 * front->n_held;
    if (front->format == MODEM_CU8 || front->format == MODEM_CS8)
        take_bytes(front, end, from, n);
    else
        take_wide(front, end, from, n);
    front->n_held += n;
    size_t before = front->filter.n + 2, d = front->filter.decimation;
    if (front->n_held < before + 4 * d)
        return 0;
    size_t out = (front->n_held - before) / d / 4 * 4;
    front->kernels->filter(&front->filter, front->held, to, out);
    follow_dc(front, to, out);
    front->n_held -= out * d;
    memmove(front->held, front->held + 2 * out * d, 2 * front->n_held * sizeof *front->held);
    return out;
}

double modem_decibels(double ratio)
{
    return 10 * log10(ratio > 1e-12 ? ratio : 1e-12);
}

double modem_front_s(const struct modem_front *front, double output)
{
    return (output * front->filter.decimation + front->delay) / front->rate_hz;
}

double modem_front_level_db(double power, double gain)
{
    double scale = MODEM_SCALE * (gain > 0 ? gain : 1);
    return modem_decibels(power / (scale * scale));
}
