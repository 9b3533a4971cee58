/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/iso433.h"

#include <math.h>

#define NS 1e-9

static enum bulla_air_link air_of(const struct modem_wave *w)
{
    return w->to_seal ? BULLA_AIR_ISO433_FORWARD : BULLA_AIR_ISO433_RETURN;
}

static double frame_seconds(const struct modem_wave *w)
{
    return bulla_air_ns(air_of(w), w->bytes.len, w->stop_bit) * NS * w->clock;
}

double modem_iso433_seconds(const struct modem_wave *wave)
{
    return frame_seconds(wave) + 2 * wave->ramp_s;
}

/* Where a run begins, s after the first edge, and the phase there that modulation has brought, in turns. */
struct place {
    double at, turns, hz;
};

/* The runs as places; one more for what follows, at the last tone. Returns how many. */
static size_t places_of(const struct modem_wave *w, struct place *places)
{
    struct bulla_air_sender sender;
    struct bulla_air_run run;
    double deviation = w->deviation_hz > 0 ? w->deviation_hz : bulla_air_of(air_of(w))->deviation_hz;
    double at = 0, turns = 0, hz = 0;
    size_t n = 0;
    bulla_air_send(&sender, air_of(w), w->bytes, w->stop_bit);
    while (bulla_air_next(&sender, &run)) {
        hz = run.high != w->inverted ? deviation : -deviation;
        places[n++] = (struct place){at, turns, hz};
        at += run.ns * NS * w->clock;
        turns += hz * run.ns * NS * w->clock;
    }
    places[n++] = (struct place){at, turns, hz};
    return n;
}

static double envelope(const struct modem_wave *w, double t, double whole)
{
    double outside = t < 0 ? -t : t > whole ? t - whole : 0;
    if (outside == 0)
        return w->amplitude;
    return outside < w->ramp_s ? w->amplitude * (0.5 + 0.5 * cos(M_PI * outside / w->ramp_s)) : 0;
}

void modem_iso433_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n)
{
    static _Thread_local struct place places[MODEM_ISO433_RUNS_MAX];
    size_t n_places = places_of(wave, places), run = 0;
    double whole = frame_seconds(wave);
    double first = ceil(edge - wave->ramp_s * rate_hz), last = floor(edge + (whole + wave->ramp_s) * rate_hz);
    if (last < 0 || first >= (double)n)
        return;
    size_t from = first < 0 ? 0 : (size_t)first, to = last >= (double)n ? n - 1 : (size_t)last;
    for (size_t i = from; i <= to; i++) {
        double t = ((double)i - edge) / rate_hz;
        while (run + 1 < n_places && places[run + 1].at <= t)
            run++;
        double turns = places[run].turns + places[run].hz * (t - places[run].at) + wave->offset_hz * t + wave->phase_turns;
        double a = envelope(wave, t, whole);
        turns = 2 * M_PI * (turns - floor(turns));
        iq[2 * i] += (float)(a * cos(turns));
        iq[2 * i + 1] += (float)(a * sin(turns));
    }
}
