/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/picture/sight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEARLY_ALL 0.9995

struct sight *sight_new(double rate_hz)
{
    struct sight *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->rate_hz = rate_hz;
    s->per_row = 1;
    fft_init(&s->fft, SIGHT_BINS);
    for (size_t i = 0; i < SIGHT_BINS; i++) /* Hann; a carrier in the middle of a bin keeps its power */
        s->window[i] = (float)((1 - cos(2 * M_PI * ((double)i + 0.5) / SIGHT_BINS)) / SIGHT_BINS);
    return s;
}

void sight_free(struct sight *s)
{
    free(s);
}

static void halve_rows(struct sight *s)
{
    for (size_t row = 0; row < SIGHT_ROWS / 2; row++) {
        for (size_t bin = 0; bin < SIGHT_BINS; bin++)
            s->loudest[row][bin] = fmaxf(s->loudest[2 * row][bin], s->loudest[2 * row + 1][bin]);
        s->row_peak[row] = fmaxf(s->row_peak[2 * row], s->row_peak[2 * row + 1]);
        s->row_power[row] = s->row_power[2 * row] + s->row_power[2 * row + 1];
    }
    s->n_rows = SIGHT_ROWS / 2;
    s->per_row *= 2;
    s->in_last = s->per_row;
}

/* The row that the next spectrum belongs to. */
static size_t row_of_next(struct sight *s)
{
    if (s->n_rows > 0 && s->in_last < s->per_row) {
        s->in_last++;
        return s->n_rows - 1;
    }
    if (s->n_rows == SIGHT_ROWS)
        halve_rows(s);
    size_t row = s->n_rows++;
    memset(s->loudest[row], 0, sizeof s->loudest[row]);
    s->row_peak[row] = s->row_power[row] = 0;
    s->in_last = 1;
    return row;
}

static void take_spectrum(struct sight *s)
{
    size_t row = row_of_next(s);
    double power = 0;
    float peak = 0;
    for (size_t i = 0; i < SIGHT_BINS; i++) {
        float square = s->in[2 * i] * s->in[2 * i] + s->in[2 * i + 1] * s->in[2 * i + 1];
        power += square;
        peak = fmaxf(peak, square);
        s->in[2 * i] *= s->window[i];
        s->in[2 * i + 1] *= s->window[i];
    }
    s->row_peak[row] = fmaxf(s->row_peak[row], peak);
    s->row_power[row] += (float)(power / SIGHT_BINS);
    fft_run(&s->fft, s->in);
    for (size_t i = 0; i < SIGHT_BINS; i++) {
        const float *bin = s->in + 2 * ((i + SIGHT_BINS / 2) % SIGHT_BINS); /* negative frequencies first */
        float square = bin[0] * bin[0] + bin[1] * bin[1];
        s->mean[i] += square;
        s->loudest[row][i] = fmaxf(s->loudest[row][i], square);
    }
    s->spectra++;
    s->n_in = 0;
}

/* Into the planes of all scales that hold it. */
static void put_in_planes(struct sight *s, float i, float q)
{
    float size = fmaxf(fabsf(i), fabsf(q)), grown = 1;
    for (size_t scale = 0; scale < SIGHT_SCALES && size * grown < 1; scale++, grown *= 2) {
        size_t x = (size_t)((i * grown + 1) * (SIGHT_CELLS / 2)), y = (size_t)((q * grown + 1) * (SIGHT_CELLS / 2));
        s->plane[scale][y < SIGHT_CELLS ? y : SIGHT_CELLS - 1][x < SIGHT_CELLS ? x : SIGHT_CELLS - 1]++;
        s->inside[scale]++;
    }
}

void sight_feed(struct sight *s, const float *iq, size_t n, float end)
{
    for (size_t k = 0; k < n; k++) {
        float i = iq[2 * k], q = iq[2 * k + 1], square = i * i + q * q;
        s->clipped += fabsf(i) >= end || fabsf(q) >= end;
        s->sum[0] += i;
        s->sum[1] += q;
        s->power += square;
        s->peak = fmaxf(s->peak, square);
        put_in_planes(s, i, q);
        s->in[2 * s->n_in] = i;
        s->in[2 * s->n_in + 1] = q;
        if (++s->n_in == SIGHT_BINS)
            take_spectrum(s);
    }
    s->samples += n;
}

void sight_end(struct sight *s)
{
    if (s->spectra > 0 || s->n_in == 0)
        return;
    memset(s->in + 2 * s->n_in, 0, 2 * (SIGHT_BINS - s->n_in) * sizeof *s->in);
    take_spectrum(s);
}

/* ---- what is drawn ---- */

float sight_db(double power)
{
    return power > 0 ? fmaxf((float)(10 * log10(power)), SIGHT_LEAST) : SIGHT_LEAST;
}

double sight_seconds(const struct sight *s)
{
    return (double)(s->n_rows * s->per_row * SIGHT_BINS) / s->rate_hz;
}

float sight_block_db(const struct sight *s, size_t row, size_t row_end, size_t bin, size_t bin_end)
{
    float most = 0;
    for (size_t r = row; r == row || r < row_end; r++)
        for (size_t b = bin; b == bin || b < bin_end; b++)
            most = fmaxf(most, s->loudest[r][b]);
    return sight_db(most);
}

float sight_mean_db(const struct sight *s, size_t bin)
{
    return s->spectra > 0 ? sight_db(s->mean[bin] / (double)s->spectra) : SIGHT_LEAST;
}

float sight_loudest_db(const struct sight *s, size_t bin)
{
    return s->n_rows > 0 ? sight_block_db(s, 0, s->n_rows, bin, bin + 1) : SIGHT_LEAST;
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void sight_range(const struct sight *s, float *low, float *high)
{
    float sorted[SIGHT_BINS], most = SIGHT_LEAST;
    for (size_t bin = 0; bin < SIGHT_BINS; bin++) {
        sorted[bin] = sight_mean_db(s, bin);
        most = fmaxf(most, sight_loudest_db(s, bin));
    }
    qsort(sorted, SIGHT_BINS, sizeof *sorted, by_size);
    *low = fmaxf(sorted[SIGHT_BINS / 4], most - 80); /* a quarter lower than that is a filter's skirt, or silence */
    *high = fmaxf(most, *low + 20);
}

size_t sight_scale(const struct sight *s)
{
    size_t scale = SIGHT_SCALES - 1;
    while (scale > 0 && (double)s->inside[scale] < NEARLY_ALL * (double)s->samples)
        scale--;
    return scale;
}

void sight_colour(float part, uint8_t rgb[3])
{
    static const uint8_t stops[][3] = {{6, 8, 26},    {38, 18, 92},   {99, 26, 118},  {160, 46, 104},
                                       {212, 78, 70}, {242, 132, 38}, {249, 199, 66}, {252, 252, 190}};
    const size_t last = sizeof stops / sizeof *stops - 1;
    float at = fminf(fmaxf(part, 0), 1) * (float)last;
    size_t i = (size_t)at < last ? (size_t)at : last - 1;
    for (size_t k = 0; k < 3; k++)
        rgb[k] = (uint8_t)lrintf((float)stops[i][k] + (at - (float)i) * (float)(stops[i + 1][k] - stops[i][k]));
}
