/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/detect.h"

#include <math.h>
#include <string.h>

#define FLOOR_UP 1.02f /* a window, so that it follows */

void modem_detector_begin(struct modem_detector *d, const struct modem_preamble *preamble, double work_hz,
                          const struct modem_kernels *kernels)
{
    memset(d, 0, sizeof *d);
    double seconds = preamble->repeated * preamble->cycle_s;
    d->kernels = kernels;
    d->lag = (size_t)lrint(preamble->cycle_s * work_hz);
    d->window = (size_t)(seconds * work_hz / MODEM_BLOCK);
    double independent = seconds * (work_hz < preamble->band_hz ? work_hz : preamble->band_hz);
    float threshold = preamble->certainty / (float)independent, least = preamble->least_reach * preamble->least_reach;
    d->threshold = threshold > least ? threshold : least;
}

static bool give(struct modem_detector *d, struct modem_candidate *found, size_t *n, size_t most)
{
    d->above = false;
    if (*n < most)
        found[(*n)++] = d->best;
    return true;
}

/* One window that ends with this block is above. */
static void climb(struct modem_detector *d, float strength)
{
    if (!d->above || strength > d->best.strength) {
        uint64_t begin = (d->n_blocks + 1 - d->window) * MODEM_BLOCK;
        d->best = (struct modem_candidate){begin > d->lag ? begin - d->lag : 0, strength};
        d->best_block = d->n_blocks;
        d->above = true;
    }
}

static void follow_floor(struct modem_detector *d, size_t blocks)
{
    float power = (float)d->energy / (float)(d->window * MODEM_BLOCK);
    if (d->n_blocks < d->window)
        return;
    d->floor *= powf(FLOOR_UP, (float)blocks / (float)d->window);
    d->floor = d->floor == 0 || power < d->floor ? power : d->floor;
}

size_t modem_detector_feed(struct modem_detector *d, const int16_t *x, size_t n_blocks, struct modem_candidate *found, size_t most)
{
    struct modem_lag sums = {d->history[0] + d->window, d->history[1] + d->window, d->history[2] + d->window};
    size_t n = 0;
    d->kernels->lag(x, d->lag, n_blocks, &sums);
    for (size_t i = 0; i < n_blocks; i++, d->n_blocks++) {
        d->re += sums.re[i] - d->history[0][i];
        d->im += sums.im[i] - d->history[1][i];
        d->energy += sums.energy[i] - d->history[2][i];
        float re = (float)d->re, im = (float)d->im, energy = (float)d->energy;
        float strength = re * re + im * im;
        if (strength > d->threshold * energy * energy && d->n_blocks + 1 >= d->window)
            climb(d, strength);
        if (d->above && d->n_blocks - d->best_block > d->window / 2)
            give(d, found, &n, most);
    }
    for (size_t k = 0; k < 3; k++)
        memmove(d->history[k], d->history[k] + n_blocks, d->window * sizeof **d->history);
    follow_floor(d, n_blocks);
    return n;
}

bool modem_detector_end(struct modem_detector *d, struct modem_candidate *found)
{
    size_t n = 0;
    return d->above && give(d, found, &n, 1);
}
