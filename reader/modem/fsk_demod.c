/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/fsk_demod.h"

#include <math.h>
#include <string.h>

#define PHASE_DRIFTS   1e-6 /* variance a bit, rad^2: of an oscillator of a seal */
#define CARRIER_DRIFTS 1e-9 /* (rad a bit)^2 a bit */
#define CLOCK_DRIFTS   1e-13
#define UNLIKELY       -1e30f

void modem_fsk_demod_begin(struct modem_fsk_demod *d, const struct modem_region *region, const struct modem_fsk_shape *shape,
                           const struct modem_fsk_sync *sync)
{
    d->region = region;
    d->shape = shape;
    d->sync = sync;
    d->state[0] = 2 * M_PI * sync->phase;
    d->state[1] = 2 * M_PI * sync->carrier * sync->bit;
    d->state[2] = 0;
    d->state[3] = 1;
    memcpy(d->sure, sync->sure, sizeof d->sure);
    d->amplitude = sync->amplitude * sync->bit;
    d->n = 0;
    d->energy = d->noise = 0;
    for (int s = 0; s < 4; s++)
        d->best[0][s] = s / 2 == sync->last ? 0 : UNLIKELY;
}

/* To the begin of the next bit. */
static void go_on(struct modem_fsk_demod *d)
{
    double(*p)[4] = d->sure;
    d->state[0] += d->state[1] * d->state[3];
    d->state[2] += d->state[3];
    for (int i = 0; i < 4; i++) { /* p = f p f', f adds the second to the first and the fourth to the third */
        p[0][i] += p[1][i];
        p[2][i] += p[3][i];
    }
    for (int i = 0; i < 4; i++) {
        p[i][0] += p[i][1];
        p[i][2] += p[i][3];
    }
    p[0][0] += PHASE_DRIFTS;
    p[1][1] += CARRIER_DRIFTS;
    p[3][3] += CLOCK_DRIFTS;
}

/* The phase that the likeliest pattern left, taken as an imaginary part so that a wrong one does little. */
static void follow(struct modem_fsk_demod *d, struct modem_sum sum, float slope)
{
    const double row[4] = {1, 0.5, -2 * M_PI * slope, 0};
    double by[4], variance = d->sync->noise / (d->amplitude * d->amplitude), left = sum.im / d->amplitude;
    left = left > 1 ? 1 : left < -1 ? -1 : left;
    for (int i = 0; i < 4; i++) {
        by[i] = 0;
        for (int k = 0; k < 4; k++)
            by[i] += d->sure[i][k] * row[k];
    }
    double whole = variance;
    for (int i = 0; i < 4; i++)
        whole += row[i] * by[i];
    double phase_moved = by[2] / whole * left;
    for (int i = 0; i < 4; i++) {
        d->state[i] += by[i] / whole * left;
        for (int k = 0; k < 4; k++)
            d->sure[i][k] -= by[i] * by[k] / whole;
    }
    d->state[0] += phase_moved * d->state[1]; /* the carrier's phase is that of the place, which moved */
}

static bool take_bit(struct modem_fsk_demod *d)
{
    struct modem_sum sums[MODEM_FSK_PATTERNS];
    double bit = d->sync->bit;
    struct modem_fsk_place place = {d->sync->start + d->state[2] * bit, bit, d->state[0] / (2 * M_PI) + 0.5 * (double)(d->n % 2),
                                    d->state[1] / (2 * M_PI) / bit};
    if (!modem_fsk_correlate(d->region, d->shape, &place, sums))
        return false;
    d->places[d->n] = place.begin;
    d->phases[d->n] = d->state[0] / (2 * M_PI);
    float *from = d->best[d->n], *to = d->best[d->n + 1], most = UNLIKELY;
    unsigned best = 0;
    to[0] = to[1] = to[2] = to[3] = UNLIKELY;
    for (unsigned p = 0; p < MODEM_FSK_PATTERNS; p++) { /* from the state of its first two bits to that of its last two */
        float way = from[p / 2] + sums[p].re;
        d->likely[d->n][p] = sums[p].re;
        if (way > to[p % 4])
            to[p % 4] = way;
        if (way > most) {
            most = way;
            best = p;
        }
    }
    d->energy += sums[best].re;
    d->noise += (double)sums[best].im * sums[best].im;
    d->n++;
    follow(d, sums[best], d->shape->slope[best]);
    go_on(d);
    return true;
}

/* Back from the last bit; what comes behind it may be anything. */
static void decide(struct modem_fsk_demod *d)
{
    float back[4] = {0};
    for (size_t i = d->n; i-- > 0;) {
        float ways[2] = {UNLIKELY, UNLIKELY}, before[4] = {UNLIKELY, UNLIKELY, UNLIKELY, UNLIKELY};
        for (unsigned p = 0; p < MODEM_FSK_PATTERNS; p++) {
            float rest = d->likely[i][p] + back[p % 4], whole = d->best[i][p / 2] + rest;
            unsigned bit = p / 2 % 2;
            if (whole > ways[bit])
                ways[bit] = whole;
            if (rest > before[p / 2])
                before[p / 2] = rest;
        }
        d->soft[i] = d->sync->inverted ? ways[0] - ways[1] : ways[1] - ways[0];
        memcpy(back, before, sizeof back);
    }
}

bool modem_fsk_demod_to(struct modem_fsk_demod *demod, size_t n)
{
    if (n > MODEM_FSK_BODY_MAX)
        return false;
    while (demod->n < n)
        if (!take_bit(demod))
            return false;
    decide(demod);
    return true;
}

double modem_fsk_demod_ebn0(const struct modem_fsk_demod *demod)
{
    double n = (double)demod->n, mean = demod->energy / n;
    return n > 0 && demod->noise > 0 ? mean * mean / (2 * demod->noise / n) : 0;
}
