/* SPDX-License-Identifier: Apache-2.0
 *
 * Preambles by their structure: levels of the whole preamble, laid over the samples at any rate and place, against all that is
 * there beside what stays the same. From sums over all samples before a place that costs a look for each edge. To a seal the
 * first byte, which is known, counts as part of the preamble: nothing else marks where that ends.
 */
#include <math.h>

#include "reader/modem/keyed.h"

#define FIRST_BYTE 0x40
#define LEAD       6 /* half bits of carrier before the preamble to a seal: the first bytes of many frames look like another preamble */
#define RATE_STEP  1.03
#define RATE_ROOM  1.02  /* beyond the limits of the link */
#define CERTAINTY  15.0  /* noise is above with the probability exp(-this), a look */
#define GATE       9.0   /* the same for the half of a preamble that is looked at first */
#define NOISE_BAND 510e3 /* what the channel filter leaves of noise, Hz */
#define SHARE_MOST 0.9999
#define ROUNDS     7   /* of refining */
#define ALIKE      0.4 /* of the level of the first part of a preamble, that of the second one is at least: a tone is one part only */

static unsigned level_of(const struct modem_keyed_finder *f, unsigned half)
{
    if (f->from_seal)
        return bulla_keyed_head(f->link, half + 2 * BULLA_KEYED_QUIET);
    if (half < LEAD)
        return 1;
    if (half < LEAD + 2 * BULLA_KEYED_HEAD_FORWARD)
        return bulla_keyed_head(f->link, half - LEAD);
    unsigned in_byte = half - LEAD - 2 * BULLA_KEYED_HEAD_FORWARD, bit = FIRST_BYTE >> (7 - in_byte / 2) & 1u;
    return in_byte % 2 == 0 ? !bit : bit;
}

static void add_edge(struct modem_keyed_look *l, unsigned at, double half, int weight)
{
    l->places[l->n] = (uint16_t)lrint(at * half);
    l->weights[l->n] = (int8_t)weight;
    l->tilt += weight * l->places[l->n++];
}

/* The first `halves` of a preamble at that rate. */
static void plan(const struct modem_keyed_finder *f, struct modem_keyed_look *l, unsigned halves, double half)
{
    int before = 0;
    for (unsigned i = 0; i <= halves; i++) {
        int level = i == halves ? 0 : level_of(f, i) ? 1 : -1;
        if (level != before)
            add_edge(l, i, half, before - level);
        before = level;
    }
}

void modem_keyed_finder_begin(struct modem_keyed_finder *f, enum bulla_keyed_link link, double work_hz, const struct modem_kernels *kernels)
{
    const struct bulla_keyed *row = bulla_keyed_of(link);
    *f = (struct modem_keyed_finder){.link = link, .from_seal = row->from_seal};
    f->gate.kernels = kernels;
    f->halves = row->from_seal ? 2 * (BULLA_KEYED_HEAD_RETURN - BULLA_KEYED_QUIET) : 2 * (BULLA_KEYED_HEAD_FORWARD + 8) + LEAD;
    f->lead = row->from_seal ? 0 : LEAD;
    f->dependent = fmax(1, work_hz / NOISE_BAND);
    f->first_part = f->from_seal ? 16 : 2 * BULLA_KEYED_HEAD_FORWARD + LEAD;
    double slowest = work_hz / 2 / row->least_bps * RATE_ROOM, fastest = work_hz / 2 / row->most_bps / RATE_ROOM;
    for (double half = fastest; half < slowest * sqrt(RATE_STEP) && f->n_rates < MODEM_KEYED_RATES_MAX; half *= RATE_STEP) {
        struct modem_keyed_rate *rate = &f->rates[f->n_rates++];
        rate->half = half;
        plan(f, &rate->whole, (unsigned)f->halves, half);
    }
}

size_t modem_keyed_finder_needs(const struct modem_keyed_finder *f)
{
    return (size_t)((double)(f->halves + 10) * f->rates[f->n_rates - 1].half) + 8;
}

/* ---- looking ---- */

struct fit {
    double re, im; /* levels times samples */
    double rest;   /* energy of what does not stay the same */
    double n;      /* samples */
};

/* How much of what changes it explains, 0 to 1. */
static double share_of(const struct fit *fit)
{
    return (fit->re * fit->re + fit->im * fit->im) / (fit->n * (fit->rest + 1));
}

/* How much likelier than noise, as a logarithm: long preambles and short ones compare by it. */
static double strength_of(const struct fit *fit)
{
    return -fit->n * log1p(-fmin(share_of(fit), SHARE_MOST));
}

static struct fit fit_of(const struct modem_keyed_sum *first, const struct modem_keyed_sum *last, double re, double im, double n)
{
    double mean_re = last->re - first->re, mean_im = last->im - first->im;
    return (struct fit){re, im, last->square - first->square - (mean_re * mean_re + mean_im * mean_im) / n, n};
}

/* Edges that alternate, and the two ends between which they lie; places are whole samples, so up and down are not of quite the same
 * length, and what stays the same would count: `tilt` is by how much. */
static struct fit fit_at(const struct modem_keyed_look *l, const struct modem_keyed_sum *at)
{
    double re = 0, im = 0;
    const struct modem_keyed_sum *last = at + l->places[l->n - 1];
    for (size_t e = 0; e < l->n; e++) {
        const struct modem_keyed_sum *s = at + l->places[e];
        re += l->weights[e] * s->re;
        im += l->weights[e] * s->im;
    }
    double n = l->places[l->n - 1], mean_re = (last->re - at->re) / n, mean_im = (last->im - at->im) / n;
    return fit_of(at, last, re - l->tilt * mean_re, im - l->tilt * mean_im, n);
}

static struct fit look_between(const struct modem_keyed_finder *f, const struct modem_keyed_trace *trace, double begin, double half)
{
    double re = 0, im = 0, tilt = 0, n = (double)f->halves * half;
    int before = 0;
    for (unsigned i = 0; i <= f->halves; i++) {
        int level = i == f->halves ? 0 : level_of(f, i) ? 1 : -1;
        if (level == before)
            continue;
        struct modem_keyed_sum s = modem_keyed_sum_to(trace, begin + i * half);
        re += (before - level) * s.re;
        im += (before - level) * s.im;
        tilt += (before - level) * (i * half);
        before = level;
    }
    struct modem_keyed_sum first = modem_keyed_sum_to(trace, begin), last = modem_keyed_sum_to(trace, begin + n);
    return fit_of(&first, &last, re - tilt * (last.re - first.re) / n, im - tilt * (last.im - first.im) / n, n);
}

static double strength_at(const struct modem_keyed_finder *f, const struct modem_keyed_trace *trace, double middle, double half)
{
    struct fit fit = look_between(f, trace, middle - (double)f->halves / 2 * half, half);
    return strength_of(&fit);
}

/* From about there to the best place and rate near it; a preamble is like itself a bit or a few later, so these are tried too. */
static void refine(const struct modem_keyed_finder *f, const struct modem_keyed_trace *trace, struct modem_keyed_sync *sync)
{
    double half = sync->half, middle = sync->begin + (double)f->halves / 2 * half, best = 0, from = middle;
    for (int bit = -8; bit <= 8; bit++) {
        double moved = from + bit * half, strength = strength_at(f, trace, moved, half);
        bool within = moved - (double)f->halves / 2 * half >= 0;
        if (within && strength > best) {
            best = strength;
            middle = moved;
        }
    }
    double step = half / 3, rate = half * (RATE_STEP - 1) / 1.5;
    for (int round = 0; round < ROUNDS; round++, step /= 2, rate /= 2)
        for (int turn = 0; turn < 2; turn++) {
            double near[4][2] = {{middle - step, half}, {middle + step, half}, {middle, half - rate}, {middle, half + rate}};
            for (size_t i = 0; i < 4; i++) {
                double strength = strength_at(f, trace, near[i][0], near[i][1]);
                if (strength <= best)
                    continue;
                best = strength;
                middle = near[i][0];
                half = near[i][1];
            }
        }
    struct fit fit = look_between(f, trace, middle - (double)f->halves / 2 * half, half);
    sync->half = half;
    sync->begin = middle - (double)f->halves / 2 * half;
    sync->re = fit.re / fit.n;
    sync->im = fit.im / fit.n;
    sync->share = (float)share_of(&fit);
    sync->begin += (double)f->lead * half;
}

/* Whether the second part of the preamble, what is behind the sync, is of the same level as the first one. */
static bool both_parts(const struct modem_keyed_finder *f, const struct modem_keyed_trace *trace, const struct modem_keyed_sync *sync)
{
    double re = 0, im = 0, n = (double)(f->halves - f->first_part), begin = sync->begin - (double)f->lead * sync->half;
    for (unsigned half = (unsigned)f->first_part; half < f->halves; half++) {
        struct modem_keyed_sum a = modem_keyed_sum_to(trace, begin + half * sync->half),
                               b = modem_keyed_sum_to(trace, begin + (half + 1) * sync->half);
        re += (level_of(f, half) ? 1 : -1) * (b.re - a.re);
        im += (level_of(f, half) ? 1 : -1) * (b.im - a.im);
    }
    double share = n / (double)f->halves, level = sync->re * sync->re + sync->im * sync->im;
    double second = (re * sync->re + im * sync->im) / (n * sync->half * level);
    double first = (1 - share * second) / (1 - share);
    return second > ALIKE * first && first > ALIKE * second;
}

/* A reader's high level is that of its carrier, whose phase is zero here. */
static bool may_be(const struct modem_keyed_finder *f, const struct modem_keyed_trace *trace, const struct modem_keyed_sync *sync)
{
    return (f->from_seal || sync->re > fabs(sync->im)) && both_parts(f, trace, sync);
}

/* The likeliest one of each part of the stretch, as far as it is known. */
struct likeliest {
    double strength[MODEM_KEYED_FOUND_MAX];
    struct modem_keyed_sync sync[MODEM_KEYED_FOUND_MAX];
};

static void look_at_rate(struct modem_keyed_finder *f, const struct modem_keyed_rate *rate, const struct modem_keyed_trace *trace,
                         size_t from, size_t n, struct likeliest *likeliest)
{
    uint16_t hits[MODEM_KEYED_STRETCH];
    size_t n_hits = modem_keyed_gate_run(&f->gate, rate->half, f->from_seal, n, (float)(GATE * f->dependent), hits, MODEM_KEYED_STRETCH);
    size_t before = (size_t)lrint((double)f->lead * rate->half), part = n / MODEM_KEYED_FOUND_MAX + 1;
    for (size_t i = 0; i < n_hits; i++) {
        if (from + hits[i] < before)
            continue;
        size_t at = from + hits[i] - before, which = hits[i] / part;
        struct fit fit = fit_at(&rate->whole, trace->sums + at);
        if (share_of(&fit) * fit.n < CERTAINTY * f->dependent) /* less than the strength */
            continue;
        double strength = strength_of(&fit);
        if (strength > likeliest->strength[which]) {
            likeliest->strength[which] = strength;
            likeliest->sync[which] = (struct modem_keyed_sync){.link = f->link, .begin = (double)at, .half = rate->half};
        }
    }
}

size_t modem_keyed_find(struct modem_keyed_finder *f, const struct modem_keyed_trace *trace, size_t from, size_t n,
                        struct modem_keyed_sync syncs[MODEM_KEYED_FOUND_MAX])
{
    struct likeliest likeliest = {{0}, {{0}}};
    size_t found = 0;
    modem_keyed_gate_begin(&f->gate, trace, from, n + modem_keyed_finder_needs(f));
    for (size_t rate = 0; rate < f->n_rates; rate++)
        look_at_rate(f, &f->rates[rate], trace, from, n, &likeliest);
    for (size_t i = 0; i < MODEM_KEYED_FOUND_MAX; i++) {
        if (likeliest.strength[i] == 0)
            continue;
        refine(f, trace, &likeliest.sync[i]);
        if (may_be(f, trace, &likeliest.sync[i]))
            syncs[found++] = likeliest.sync[i];
    }
    return found;
}
