/* SPDX-License-Identifier: Apache-2.0
 *
 * Waves of the links that switch their carrier. To a seal: the carrier, there before the preamble and behind the last bit, with
 * steps of raised cosines. From a seal: the reader's carrier all the time, and on it what the seal reflects in one of its two states.
 */
#include <math.h>

#include "reader/modem/keyed.h"

#define NS       1e-9
#define LEAD_S   600e-6
#define TAIL_S   400e-6
#define STEP     0.04 /* of a bit: how long a change of level takes */
#define LOW      0.01
#define DEPTH    0.1
#define RUNS_MAX (2 * 8 * BULLA_FRAME_MAX + 64)

static enum bulla_keyed_link link_of(const struct modem_wave *w)
{
    const struct modem_keyed *links = &modem_keyed_links[w->link->number];
    return w->to_seal ? links->forward : links->back;
}

static double bit_seconds(const struct modem_wave *w)
{
    return w->link->bit_s * w->clock;
}

/* From the first edge (or, to a seal, from where the first half bit begins) to the end of the last bit. */
static double frame_seconds(const struct modem_wave *w)
{
    enum bulla_keyed_link link = link_of(w);
    double all = (double)bulla_keyed_ns(link, bulla_keyed_of(link)->nominal_bps, w->bytes.len) * NS * w->clock;
    return w->to_seal ? all : all - BULLA_KEYED_QUIET * bit_seconds(w);
}

double modem_keyed_before(const struct modem_wave *wave)
{
    return LEAD_S + (wave->to_seal ? 0 : BULLA_KEYED_QUIET * bit_seconds(wave));
}

static double after(const struct modem_wave *w)
{
    return w->after_s > 0 ? w->after_s : TAIL_S;
}

double modem_keyed_seconds(const struct modem_wave *wave)
{
    return modem_keyed_before(wave) + frame_seconds(wave) + after(wave);
}

static double low_of(const struct modem_wave *w)
{
    return w->low > 0 ? w->low : LOW;
}

static double depth_of(const struct modem_wave *w)
{
    return w->depth > 0 ? w->depth : DEPTH;
}

double modem_keyed_bit_s(const struct modem_wave *wave)
{
    double step = wave->to_seal ? 1 - low_of(wave) : depth_of(wave);
    return wave->link->bit_s * step * step * (wave->to_seal ? 0.5 : 0.25);
}

struct edge {
    double at; /* s */
    bool high; /* behind it */
};

/* Where levels change. Before the first one a reader's is high, a seal's low, and so they are again behind the last bit. */
static size_t edges_of(const struct modem_wave *w, struct edge *edges)
{
    struct bulla_keyed_sender sender;
    struct bulla_air_run run;
    enum bulla_keyed_link link = link_of(w);
    double at = w->to_seal ? 0 : -BULLA_KEYED_QUIET * bit_seconds(w);
    bool high = w->to_seal;
    size_t n = 0;
    if (!bulla_keyed_send(&sender, link, bulla_keyed_of(link)->nominal_bps, w->bytes))
        return 0;
    while (bulla_keyed_next(&sender, &run)) {
        if (run.high != high)
            edges[n++] = (struct edge){at, run.high};
        high = run.high;
        at += run.ns * NS * w->clock;
    }
    if (high != w->to_seal)
        edges[n++] = (struct edge){at, w->to_seal};
    return n;
}

/* 0 to 1 within `step` around t = 0. */
static double risen(double t, double step)
{
    if (t <= -step / 2)
        return 0;
    return t >= step / 2 ? 1 : 0.5 + 0.5 * sin(M_PI * t / step);
}

/* How high it is, 0 to 1; `next` is the first edge that is not over. */
static double level_at(const struct edge *edges, size_t n, size_t next, double t, double step, bool rests_high)
{
    bool before = next == 0 ? rests_high : edges[next - 1].high;
    if (next == n)
        return before;
    double changed = risen(t - edges[next].at, step);
    return before ? 1 - changed : changed;
}

void modem_keyed_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n)
{
    static _Thread_local struct edge edges[RUNS_MAX];
    double begin = -modem_keyed_before(wave), end = frame_seconds(wave) + after(wave);
    double first = ceil(edge + begin * rate_hz), last = floor(edge + end * rate_hz);
    if (last < 0 || first >= (double)n)
        return;
    size_t n_edges = edges_of(wave, edges), next = 0;
    size_t from = first < 0 ? 0 : (size_t)first, to = last >= (double)n ? n - 1 : (size_t)last;
    double step = fmax(STEP * bit_seconds(wave), 1 / rate_hz); /* a receiver's own filter makes no sharper ones */
    double low = low_of(wave), depth = depth_of(wave), tag = 2 * M_PI * wave->tag_turns;
    for (size_t i = from; i <= to; i++) {
        double t = ((double)i - edge) / rate_hz;
        while (next < n_edges && edges[next].at + step / 2 < t)
            next++;
        double high = level_at(edges, n_edges, next, t, step, wave->to_seal);
        double power = risen(t - begin - step / 2, step) * risen(end - t - step / 2, step) * wave->amplitude;
        double re = wave->to_seal ? low + (1 - low) * high : !wave->bare + depth * cos(tag) * high;
        double im = wave->to_seal ? 0 : depth * sin(tag) * high;
        double turns = wave->offset_hz * t + wave->phase_turns;
        double c = power * cos(2 * M_PI * (turns - floor(turns))), s = power * sin(2 * M_PI * (turns - floor(turns)));
        iq[2 * i] += (float)(re * c - im * s);
        iq[2 * i + 1] += (float)(re * s + im * c);
    }
}
