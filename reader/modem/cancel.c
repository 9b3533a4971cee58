/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/cancel.h"

#define PIECES_MAX  (2 * MODEM_BITS_MAX + 2 * RAMP_PIECES + 64)
#define RAMP_PIECES 60
#define RAMP_S      18e-6 /* of a piece */
#define SMOOTHED    7     /* pieces on either side that the gain of a piece is the mean of */
#define RAMP_ENDS   0.12f /* of the amplitude */

struct piece {              /* of one tone */
    double from, to, phase; /* samples; turns where it begins */
    int low;
    struct modem_sum sum; /* of what was received, against the model */
    float n;
};

struct model {
    const struct modem_demod *demod;
    double start, clock;   /* of the first bit; how much longer than nominal */
    double carrier, phase; /* turns a sample; turns at `start` */
    struct modem_tones tones;
    struct piece pieces[PIECES_MAX];
    int n, first, end; /* those from `first` to before `end` are the frame */
};

static void add(struct model *m, double from, double to, double turns, int low)
{
    if (m->n < PIECES_MAX)
        m->pieces[m->n++] = (struct piece){from, to, m->phase + m->carrier * (from - m->start) + turns, low, {0, 0}, 0};
}

static void lay_out(struct model *m, struct bulla_bytes bytes, bool stop_bit)
{
    const struct modem_sync *sync = m->demod->sync;
    const struct bulla_air *air = bulla_air_of(sync->link);
    double samples = 1e-9 * m->demod->region->work_hz * m->clock, ramp = RAMP_S * m->demod->region->work_hz;
    double at = m->start - (air->cycles * (air->high_ns + air->low_ns) + air->sync_high_ns + air->sync_low_ns) * samples;
    double tone = sync->deviation * (sync->inverted ? -1 : 1);                       /* of high */
    double turns = -tone * ((double)air->sync_high_ns - air->sync_low_ns) * samples; /* where the preamble begins, from the first bit */
    for (int i = RAMP_PIECES; i > 0; i--)
        add(m, at - i * ramp, at - (i - 1) * ramp, turns - i * ramp * tone, sync->inverted);
    m->first = m->n;
    struct bulla_air_sender sender;
    struct bulla_air_run run;
    bulla_air_send(&sender, sync->link, bytes, stop_bit);
    bool high = true;
    while (bulla_air_next(&sender, &run)) {
        double length = run.ns * samples;
        high = run.high;
        add(m, at, at + length, turns, high == sync->inverted);
        at += length;
        turns += (high ? tone : -tone) * length;
    }
    m->end = m->n;
    for (int i = 0; i < RAMP_PIECES; i++)
        add(m, at + i * ramp, at + (i + 1) * ramp, turns + (high ? tone : -tone) * i * ramp, high == sync->inverted);
}

static void measure(struct model *m)
{
    for (int i = 0; i < m->n; i++) {
        struct piece *p = &m->pieces[i];
        struct modem_sum sums[2];
        if (!modem_tones_over(m->demod->region, &m->tones, p->from, p->to, sums))
            continue;
        p->sum = modem_times(sums[p->low], modem_turn(-p->phase));
        p->n = (float)(ceil(p->to) - ceil(p->from));
    }
}

/* How much of the model there is in a piece: in the frame that of its neighbours too, in a ramp its own. */
static struct modem_sum gain_of(const struct model *m, int i)
{
    bool ramp = i < m->first || i >= m->end;
    int from = ramp                      ? i
               : i - SMOOTHED < m->first ? m->first
                                         : i - SMOOTHED,
        to = ramp                     ? i
             : i + SMOOTHED >= m->end ? m->end - 1
                                      : i + SMOOTHED;
    struct modem_sum sum = {0, 0};
    float n = 0;
    for (int k = from; k <= to; k++) {
        sum = modem_plus(sum, m->pieces[k].sum);
        n += m->pieces[k].n;
    }
    return n > 0 ? (struct modem_sum){sum.re / n, sum.im / n} : sum;
}

static void subtract(const struct model *m, int i, float *re, float *im)
{
    const struct piece *p = &m->pieces[i];
    struct modem_sum gain = gain_of(m, i);
    float least = m->demod->sync->amplitude * RAMP_ENDS;
    if (p->n == 0 || ((i < m->first || i >= m->end) && modem_square(gain) < least * least))
        return;
    double tone = p->low ? m->tones.low : m->tones.high;
    size_t at = (size_t)ceil(p->from), end = (size_t)ceil(p->to);
    struct modem_sum now = modem_times(gain, modem_turn(p->phase + tone * ((double)at - p->from)));
    struct modem_sum step = {(float)cos(2 * M_PI * tone), (float)sin(2 * M_PI * tone)};
    for (; at < end; at++) {
        re[at] -= now.re;
        im[at] -= now.im;
        now = modem_times(now, step);
    }
}

static float power_of(const struct modem_region *r, double from, double to)
{
    size_t at = from > 0 ? (size_t)from : 0, end = to < (double)r->n ? (size_t)to : r->n;
    return end > at ? r->kernels->correlate(r->re + at, r->im + at, r->re + at, r->im + at, end - at).re / (float)(end - at) : 0;
}

float modem_cancel_power(const struct modem_demod *demod)
{
    return power_of(demod->region, demod->sync->edge, demod->place.value);
}

float modem_cancel(const struct modem_demod *demod, struct bulla_bytes bytes, bool stop_bit, float *re, float *im)
{
    static _Thread_local struct model m;
    struct modem_line place = modem_line_through(demod->places, demod->n), phase = modem_line_through(demod->phases, demod->n);
    m.demod = demod;
    m.n = 0;
    m.start = place.at_0;
    m.phase = phase.at_0;
    m.clock = place.slope / (2e-9 * bulla_air_of(demod->sync->link)->half_ns * demod->region->work_hz);
    m.carrier = phase.slope / place.slope;
    modem_tones_set(&m.tones, m.carrier + demod->sync->deviation, m.carrier - demod->sync->deviation);
    lay_out(&m, bytes, stop_bit);
    measure(&m);
    for (int i = 0; i < m.n; i++)
        subtract(&m, i, re, im);
    return power_of(demod->region, m.pieces[m.first].from, m.pieces[m.end - 1].to);
}
