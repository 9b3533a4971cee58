/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/yard.h"

#include <string.h>

#define PIECE 4096
#define STEP  32 /* samples between two looks at the fading: it is much slower */

double modem_yard_amplitude(const struct modem_yard *yard, double dbm)
{
    return pow(10, (dbm - yard->full_scale_dbm) / 20);
}

/* Fading and drift, t s after the begin of the yard. */
static struct modem_gain gain_at(const struct modem_yard_frame *f, double t_s)
{
    struct modem_gain g = modem_fading_at(&f->fading, t_s);
    double since = t_s - f->frame.at_s, turns = f->drift_hz_s * since * since / 2;
    double c = cos(2 * M_PI * turns), s = sin(2 * M_PI * turns);
    return (struct modem_gain){g.re * c - g.im * s, g.re * s + g.im * c};
}

static void add_faded(const struct modem_yard *y, const struct modem_yard_frame *f, const float *from, float *to, size_t n)
{
    double began = (double)y->at;
    struct modem_gain here = gain_at(f, began / y->rate_hz);
    for (size_t i = 0; i < n; i += STEP) {
        struct modem_gain there = gain_at(f, (began + (double)i + STEP) / y->rate_hz);
        for (size_t k = i; k < i + STEP && k < n; k++) {
            float part = (float)(k - i) / STEP;
            float re = (float)here.re + part * (float)(there.re - here.re), im = (float)here.im + part * (float)(there.im - here.im);
            to[2 * k] += from[2 * k] * re - from[2 * k + 1] * im;
            to[2 * k + 1] += from[2 * k] * im + from[2 * k + 1] * re;
        }
        here = there;
    }
}

static void add_frames(struct modem_yard *y, float *iq, size_t n)
{
    static _Thread_local float alone[2 * PIECE];
    bool all_over = true;
    for (size_t i = y->current; i < y->n_frames; i++) {
        struct modem_yard_frame *f = &y->frames[i];
        struct modem_wave wave = f->frame.wave;
        wave.bytes = (struct bulla_bytes){f->frame.bytes, f->frame.n};
        wave.amplitude = modem_yard_amplitude(y, f->level_dbm);
        double edge = f->frame.at_s * y->rate_hz - (double)y->at, before = wave.ramp_s * y->rate_hz;
        if (edge - before > (double)n)
            break;
        double end = edge - before + modem_wave_seconds(&wave) * y->rate_hz;
        if (end >= 0) {
            memset(alone, 0, 2 * n * sizeof *alone);
            modem_wave_add(&wave, y->rate_hz, edge, alone, n);
            add_faded(y, f, alone, iq, n);
        }
        all_over = all_over && end < (double)n;
        y->current += all_over;
    }
}

static void add_piece(struct modem_yard *y, float *iq, size_t n)
{
    float sigma = 0;
    if (!isinf(y->figure_db))
        sigma = (float)(modem_yard_amplitude(y, modem_channel_noise_dbm(y->rate_hz, y->figure_db)) / M_SQRT2);
    for (size_t i = 0; i < 2 * n; i++)
        iq[i] = sigma > 0 ? sigma * modem_random_normal(&y->random) : 0;
    modem_impulses_add(&y->impulses, &y->random, y->rate_hz, iq, n);
    for (size_t i = 0; i < y->n_neighbours; i++)
        modem_neighbour_add(&y->neighbours[i], &y->random, y->rate_hz, iq, n);
    add_frames(y, iq, n);
    y->at += n;
}

size_t modem_yard_next(struct modem_yard *yard, float *iq, size_t most)
{
    if (!yard->begun)
        yard->random = (struct modem_random){.state = yard->seed};
    yard->begun = true;
    uint64_t all = (uint64_t)(yard->seconds * yard->rate_hz);
    size_t n = yard->at + most > all ? (size_t)(all - yard->at) : most;
    for (size_t at = 0; at < n; at += PIECE)
        add_piece(yard, iq + 2 * at, n - at < PIECE ? n - at : PIECE);
    return n;
}
