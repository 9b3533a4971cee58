/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/demod.h"

#define TWO_PI        (2 * M_PI)
#define PREAMBLE_BITS 36.0 /* as much energy has the preamble */
#define EBN0_MOST     300.0
#define DRIFT_PHASE   1e-5 /* variance that a bit adds of itself, rad^2 */
#define DRIFT_CARRIER 1e-7
#define DRIFT_PLACE   1e-6 /* of a bit, squared */
#define DRIFT_CLOCK   1e-9
#define LEVEL_STEP    0.03f

/* A straight line known from `n` measurements of that variance over `span` steps, `ahead` steps beyond their middle. */
static struct modem_follow known(double value, double rate, double variance, double n, double span, double ahead)
{
    double slope = variance / n * 12 / (span * span);
    return (struct modem_follow){value, rate, variance / n + ahead * ahead * slope, ahead * slope, slope};
}

/* What was measured is `error` more than expected; then one step on. */
static void follow(struct modem_follow *f, double error, double variance, double drift, double drift_rate)
{
    double total = f->p00 + variance, k0 = f->p00 / total, k1 = f->p01 / total;
    f->value += k0 * error;
    f->rate += k1 * error;
    double p00 = f->p00 * (1 - k0), p01 = f->p01 * (1 - k0), p11 = f->p11 - k1 * f->p01;
    f->value += f->rate;
    f->p00 = p00 + 2 * p01 + p11 + drift;
    f->p01 = p01 + p11;
    f->p11 = p11 + drift_rate;
}

void modem_demod_begin(struct modem_demod *demod, const struct modem_region *region, const struct modem_sync *sync)
{
    double bit = 2e-9 * bulla_air_of(sync->link)->half_ns * region->work_hz * sync->clock;
    double ebn0 = sync->ebn0 < EBN0_MOST ? sync->ebn0 : EBN0_MOST;
    demod->region = region;
    demod->sync = sync;
    demod->n = 0;
    demod->variance = 1 / (2 * ebn0);
    demod->amplitude = sync->amplitude * (float)bit;
    /* In bits the preamble is 33 long, and the first bit 19 beyond its middle. */
    double turns = 1 / (TWO_PI * TWO_PI), tone = TWO_PI * sync->deviation;
    demod->phase = known(sync->phase, sync->carrier * bit, demod->variance * turns, PREAMBLE_BITS, 33, 19);
    demod->place = known(sync->start, bit, demod->variance / (tone * tone), PREAMBLE_BITS, 33, 19);
}

/* The two halves of a bit that is high and low (zero), and of one that is low and high, in step with the carrier. */
struct bit {
    struct modem_sum high[2], low[2]; /* of the zero: high[0], low[1]; of the one: low[0], high[1] */
};

static bool correlate_bit(const struct modem_demod *d, struct bit *bit)
{
    const struct modem_sync *s = d->sync;
    double begin = d->place.value, length = d->place.rate, middle = begin + length / 2, phase = d->phase.value;
    struct modem_sum one[2], two[2];
    if (!modem_tones_over(d->region, &s->tones, begin, middle, one) || !modem_tones_over(d->region, &s->tones, middle, begin + length, two))
        return false;
    double carried = d->phase.rate / 2, brought = s->deviation * length / 2;
    struct modem_sum turn = modem_turn(-phase), after_high = modem_turn(-(phase + carried + brought)),
                     after_low = modem_turn(-(phase + carried - brought));
    bit->high[0] = modem_times(one[0], turn);
    bit->low[0] = modem_times(one[1], turn);
    bit->high[1] = modem_times(two[0], after_low);
    bit->low[1] = modem_times(two[1], after_high);
    return true;
}

bool modem_demod_to(struct modem_demod *demod, size_t n)
{
    const struct modem_sync *s = demod->sync;
    double tone = TWO_PI * s->deviation;
    for (; demod->n < n; demod->n++) {
        struct bit bit;
        if (!correlate_bit(demod, &bit))
            return false;
        demod->places[demod->n] = demod->place.value;
        demod->phases[demod->n] = demod->phase.value;
        struct modem_sum rising = modem_plus(bit.low[0], bit.high[1]), falling = modem_plus(bit.high[0], bit.low[1]);
        bool up = rising.re > falling.re;
        struct modem_sum whole = up ? rising : falling, high = bit.high[up], low = bit.low[!up];
        demod->soft[demod->n] = (rising.re - falling.re) * (s->inverted ? -1.0f : 1.0f);
        double turned = whole.im / demod->amplitude, late = (low.im - high.im) / (demod->amplitude * tone);
        turned = turned > 1 ? 1 : turned < -1 ? -1 : turned;
        double most = 0.5 / tone;
        late = late > most ? most : late < -most ? -most : late;
        demod->amplitude += LEVEL_STEP * (whole.re - demod->amplitude);
        if (demod->amplitude < s->amplitude)
            demod->amplitude = s->amplitude;
        follow(&demod->phase, turned / TWO_PI, demod->variance / (TWO_PI * TWO_PI), DRIFT_PHASE / (TWO_PI * TWO_PI),
               DRIFT_CARRIER / (TWO_PI * TWO_PI));
        struct modem_follow was = demod->place;
        follow(&demod->place, late, demod->variance / (tone * tone), DRIFT_PLACE * was.rate * was.rate, DRIFT_CLOCK * was.rate * was.rate);
        /* The phase is that at the place: where the place moved, the carrier went on or back. */
        demod->phase.value += s->carrier * (demod->place.value - was.value - was.rate);
        demod->phase.rate += s->carrier * (demod->place.rate - was.rate);
    }
    return true;
}
