/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/fsk_cancel.h"

#define RAMP_S      1.1e-3 /* of a packet, at most */
#define RAMP_PIECES 60     /* bits of it that are looked at, at most */
#define SMOOTHED    7      /* bits on either side that the gain of a bit is the mean of */
#define RAMP_ENDS   0.12f  /* of the amplitude */
#define PIECES_MAX  (MODEM_FSK_BITS_MAX + 2 * RAMP_PIECES)
#define AROUND      3 /* bytes of a body that are no payload */

struct piece { /* a bit of a packet, or of a ramp */
    struct modem_fsk_place place;
    unsigned pattern;
    struct modem_sum sum; /* of what was received, against the model */
    float n;              /* samples */
};

struct model {
    const struct modem_fsk_demod *demod;
    struct modem_line place, phase; /* of the body's bits: samples, turns */
    struct piece pieces[PIECES_MAX];
    long n, ramp; /* pieces, and how many of them either ramp has */
};

static double bit_begin(const struct model *m, double bit)
{
    return m->place.at_0 + bit * m->place.slope;
}

static void lay_out(struct model *m, struct bulla_bytes payload)
{
    uint8_t bits[MODEM_FSK_BITS_MAX];
    const struct modem_fsk_sync *sync = m->demod->sync;
    long n = (long)modem_fsk_bits(payload, sync->to_seal, bits);
    double ramp = RAMP_S * m->demod->region->work_hz / m->place.slope;
    m->ramp = ramp < RAMP_PIECES ? (long)ceil(ramp) : RAMP_PIECES;
    m->n = n > 0 ? n + 2 * m->ramp : 0;
    for (long i = 0; i < m->n; i++) {
        long at = i - m->ramp; /* behind the first bit */
        unsigned pattern = 0;
        for (long k = at - 1; k <= at + 1; k++) /* ramps have the tone that follows, or was before */
            pattern = pattern << 1 | (bits[k < 0 ? 0 : k >= n ? n - 1 : k] != sync->inverted);
        double bit = (double)(at - MODEM_FSK_HEAD), phase = m->phase.at_0 + bit * m->phase.slope + 0.5 * (double)(at & 1);
        m->pieces[i] =
            (struct piece){.place = {bit_begin(m, bit), m->place.slope, phase, m->phase.slope / m->place.slope}, .pattern = pattern};
    }
}

static void measure(struct model *m)
{
    for (long i = 0; i < m->n; i++) {
        struct piece *p = &m->pieces[i];
        struct modem_sum sums[MODEM_FSK_PATTERNS];
        if (!modem_fsk_correlate(m->demod->region, m->demod->shape, &p->place, sums))
            continue;
        p->sum = sums[p->pattern];
        p->n = (float)(ceil(p->place.begin + p->place.bit) - ceil(p->place.begin));
    }
}

static bool is_ramp(const struct model *m, long i)
{
    return i < m->ramp || i >= m->n - m->ramp;
}

/* How much of the model there is in a bit: in the packet that of its neighbours too, in a ramp its own. */
static struct modem_sum gain_of(const struct model *m, long i)
{
    long reach = is_ramp(m, i) ? 0 : SMOOTHED;
    struct modem_sum sum = {0, 0};
    float n = 0;
    for (long k = i - reach; k <= i + reach; k++) {
        if (reach > 0 && is_ramp(m, k))
            continue;
        sum = modem_plus(sum, m->pieces[k].sum);
        n += m->pieces[k].n;
    }
    return n > 0 ? (struct modem_sum){sum.re / n, sum.im / n} : sum;
}

static void subtract(const struct model *m, long i, float *re, float *im)
{
    const struct piece *p = &m->pieces[i];
    const struct modem_fsk_shape *shape = m->demod->shape;
    struct modem_sum gain = gain_of(m, i);
    float least = m->demod->sync->amplitude * RAMP_ENDS;
    if (p->n == 0 || (is_ramp(m, i) && modem_square(gain) < least * least))
        return;
    size_t at = (size_t)ceil(p->place.begin), end = (size_t)ceil(p->place.begin + p->place.bit);
    double phase = 2 * M_PI * modem_wrapped(p->place.phase + p->place.carrier * ((double)at - p->place.begin));
    struct modem_sum now = modem_times(gain, (struct modem_sum){(float)cos(phase), (float)sin(phase)});
    struct modem_sum step = {(float)cos(2 * M_PI * p->place.carrier), (float)sin(2 * M_PI * p->place.carrier)};
    for (; at < end; at++) {
        double steps = ((double)at - p->place.begin) / p->place.bit * MODEM_FSK_STEPS;
        size_t k = steps < MODEM_FSK_STEPS ? (size_t)steps : MODEM_FSK_STEPS - 1;
        struct modem_sum model = modem_times(now, (struct modem_sum){shape->re[k][p->pattern], shape->im[k][p->pattern]});
        re[at] -= model.re;
        im[at] -= model.im;
        now = modem_times(now, step);
    }
}

float modem_fsk_power(const struct modem_fsk_demod *demod, size_t payload, const float *re, const float *im)
{
    const struct modem_fsk_sync *sync = demod->sync;
    double from = sync->start - MODEM_FSK_HEAD * sync->bit, to = sync->start + 8 * (double)(payload + AROUND) * sync->bit;
    size_t at = from > 0 ? (size_t)from : 0, end = to < (double)demod->region->n ? (size_t)to : demod->region->n,
           n = end > at ? end - at : 0;
    return n > 0 ? demod->region->kernels->correlate(re + at, im + at, re + at, im + at, n).re / (float)n : 0;
}

void modem_fsk_cancel(const struct modem_fsk_demod *demod, struct bulla_bytes payload, float *re, float *im)
{
    static _Thread_local struct model m;
    size_t n = 8 * (payload.len + AROUND);
    m.demod = demod;
    m.place = modem_line_through(demod->places, n < demod->n ? n : demod->n);
    m.phase = modem_line_through(demod->phases, n < demod->n ? n : demod->n);
    lay_out(&m, payload);
    measure(&m);
    for (long i = 0; i < m.n; i++)
        subtract(&m, i, re, im);
}
