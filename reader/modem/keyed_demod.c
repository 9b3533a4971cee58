/* SPDX-License-Identifier: Apache-2.0
 *
 * One step after another (reader/modem/keyed.h), coherently, with time, clock and the step's own level and phase followed.
 */
#include <math.h>
#include <string.h>

#include "reader/modem/keyed.h"

#define DRIFT_PLACE 1e-6 /* variance that a bit adds of itself, bits squared */
#define DRIFT_CLOCK 1e-9
#define LEVEL_BITS  40.0 /* over which the level is known */
#define DC_BITS     16   /* behind which the middle between the levels is known, for the last half bit */
#define LATE_MOST   0.25 /* of a bit, that is believed at once */
#define NOISE_LEAST 1e-4 /* of the level, squared */

struct place { /* where the next step is, how long a bit is, and how sure both are */
    double value, rate;
    double p00, p01, p11;
};

struct follower {
    const struct modem_keyed_trace *trace;
    struct place place;
    double re, im;           /* level */
    double bias_re, bias_im; /* what a carrier that is not quite still adds to every step */
    double known;            /* bits */
    double variance;         /* of a level, of late */
};

/* A step's two halves, and how late it is. */
struct step {
    double re, im;       /* second half less the first one, a sample */
    double in_re, in_im; /* the inner halves less the outer ones, a sample of a bit */
};

static bool step_at(const struct modem_keyed_trace *trace, double at, double half, struct step *step)
{
    if (at - half < 0 || at + half > (double)trace->n)
        return false;
    struct modem_keyed_sum s[5];
    for (int i = 0; i < 5; i++)
        s[i] = modem_keyed_sum_to(trace, at + (i - 2) * half / 2);
    step->re = (s[4].re - 2 * s[2].re + s[0].re) / (2 * half);
    step->im = (s[4].im - 2 * s[2].im + s[0].im) / (2 * half);
    step->in_re = (2 * (s[3].re - s[1].re) - s[4].re + s[0].re) / (2 * half);
    step->in_im = (2 * (s[3].im - s[1].im) - s[4].im + s[0].im) / (2 * half);
    return true;
}

static void go_on(struct place *p, double late, double variance)
{
    double total = p->p00 + variance, k0 = p->p00 / total, k1 = p->p01 / total, bit = p->rate;
    p->value += k0 * late;
    p->rate += k1 * late;
    double p00 = p->p00 * (1 - k0), p01 = p->p01 * (1 - k0), p11 = p->p11 - k1 * p->p01;
    p->value += p->rate;
    p->p00 = p00 + 2 * p01 + p11 + DRIFT_PLACE * bit * bit;
    p->p01 = p01 + p11;
    p->p11 = p11 + DRIFT_CLOCK * bit * bit;
}

static void begin(struct follower *f, const struct modem_keyed_trace *trace, const struct modem_keyed_sync *sync)
{
    bool from_seal = bulla_keyed_of(sync->link)->from_seal;
    double halves = from_seal ? 2 * (BULLA_KEYED_HEAD_RETURN - BULLA_KEYED_QUIET) : 2 * BULLA_KEYED_HEAD_FORWARD + 1;
    double span = from_seal ? halves / 2 : BULLA_KEYED_HEAD_FORWARD + 8, bit = 2 * sync->half, ahead = from_seal ? span / 2 : 1;
    *f = (struct follower){.trace = trace, .re = sync->re, .im = sync->im, .known = span};
    double level = sync->re * sync->re + sync->im * sync->im;
    f->variance = level * fmax((1 / fmax(sync->share, 1e-3) - 1) / (2 * bit), NOISE_LEAST);
    double late = f->variance / level * bit * bit / 4, slope = late / span * 12 / (span * span);
    f->place = (struct place){.value = sync->begin + halves * sync->half, .rate = bit};
    f->place.p00 = late / span + ahead * ahead * slope;
    f->place.p01 = ahead * slope;
    f->place.p11 = slope;
}

/* How high the next step goes; then on to the one behind it. False: the trace ends. `known`: 0, or what it must be. */
static bool take(struct follower *f, int known, double *up)
{
    struct step step;
    if (!step_at(f->trace, f->place.value, f->place.rate / 2, &step))
        return false;
    double re = step.re - f->bias_re, im = step.im - f->bias_im, level = f->re * f->re + f->im * f->im;
    double along = (re * f->re + im * f->im) / level;
    double sign = known ? known : along > 0 ? 1 : -1;
    double late = -sign * (step.in_re * f->re + step.in_im * f->im) / level / 2 * f->place.rate;
    double most = LATE_MOST * f->place.rate, gain = 1 / (f->known + 1);
    late = late > most ? most : late < -most ? -most : late;
    double off_re = re - sign * f->re, off_im = im - sign * f->im, off = (along - sign) * (along - sign) * level;
    f->re += gain * sign * off_re;
    f->im += gain * sign * off_im;
    f->bias_re += off_re / (2 * LEVEL_BITS);
    f->bias_im += off_im / (2 * LEVEL_BITS);
    f->variance += gain * (off - f->variance);
    f->known = f->known < LEVEL_BITS ? f->known + 1 : LEVEL_BITS;
    double noise = fmax(f->variance / level, NOISE_LEAST);
    go_on(&f->place, late, noise * f->place.rate * f->place.rate / 4);
    *up = along * sqrt(level);
    return true;
}

/* The last half of a frame from a seal, which no step follows: against the middle between both levels. */
static bool take_last(const struct follower *f, double *up)
{
    double at = f->place.value, bit = f->place.rate, level = sqrt(f->re * f->re + f->im * f->im);
    if (at - (DC_BITS + 0.5) * bit < 0 || at > (double)f->trace->n)
        return false;
    struct modem_keyed_sum a = modem_keyed_sum_to(f->trace, at - (DC_BITS + 0.5) * bit), b = modem_keyed_sum_to(f->trace, at - bit / 2),
                           c = modem_keyed_sum_to(f->trace, at);
    double re = 2 * (c.re - b.re) / bit - (b.re - a.re) / (DC_BITS * bit), im = 2 * (c.im - b.im) / bit - (b.im - a.im) / (DC_BITS * bit);
    *up = -(re * f->re + im * f->im) / level / 2;
    return true;
}

static void put(struct modem_keyed_demod *d, size_t bit, bool one)
{
    uint8_t mask = (uint8_t)(0x80u >> bit % 8);
    d->bytes[bit / 8] = (uint8_t)((bit % 8 == 0 ? 0u : d->bytes[bit / 8]) | (one ? mask : 0u));
}

bool modem_keyed_demod(struct modem_keyed_demod *demod, const struct modem_keyed_trace *trace, const struct modem_keyed_sync *sync,
                       size_t n_bits)
{
    bool from_seal = bulla_keyed_of(sync->link)->from_seal, before = false;
    struct follower f;
    double sum = 0, squares = 0, up = 0;
    begin(&f, trace, sync);
    demod->n = 0;
    /* From a seal the first step is that into the first bit: it goes down, for the preamble ends high. */
    if (from_seal && !take(&f, -1, &up))
        return false;
    for (size_t bit = 0; bit < n_bits; bit++) {
        bool last = from_seal && bit + 1 == n_bits;
        if (last ? !take_last(&f, &up) : !take(&f, 0, &up))
            return false;
        demod->soft[bit] = (float)up;
        put(demod, bit, from_seal ? (up > 0) != before : up > 0);
        before = up > 0;
        sum += last ? 2 * fabs(up) : fabs(up);
        squares += last ? 4 * up * up : up * up;
    }
    double mean = sum / (double)n_bits, variance = squares / (double)n_bits - mean * mean;
    demod->n = n_bits;
    demod->half = f.place.rate / 2;
    double passed = (double)n_bits + (from_seal ? BULLA_KEYED_HEAD_RETURN - BULLA_KEYED_QUIET : BULLA_KEYED_HEAD_FORWARD + 0.5);
    demod->begin = f.place.value - passed * f.place.rate; /* the clock is best known now */
    demod->end = from_seal ? f.place.value : f.place.value - f.place.rate / 2;
    demod->ebn0 = mean * mean / fmax(variance, NOISE_LEAST * mean * mean) / (from_seal ? 2 : 1);
    return true;
}

static double lost(double n, double bit)
{
    return -expm1(n * log1p(-bit));
}

static double tail(double x) /* of the normal distribution */
{
    return 0.5 * erfc(x * M_SQRT1_2);
}

double modem_keyed_theory(bool from_seal, size_t n_bytes, double ebn0)
{
    double n = 8 * (double)n_bytes;
    if (!from_seal) /* the first byte is known */
        return lost(n - 8, tail(sqrt(ebn0)));
    /* Behind every bit but the last one there is a whole step. */
    return 1 - (1 - lost(n - 1, tail(sqrt(2 * ebn0)))) * (1 - tail(sqrt(ebn0)));
}

double modem_keyed_theory_noncoherent(size_t n_bytes, double ebn0)
{
    return lost(8 * (double)n_bytes - 8, 0.5 * exp(-ebn0 / 2));
}
