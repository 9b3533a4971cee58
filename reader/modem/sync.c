/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/sync.h"

#include <string.h>

#define CYCLE_S       60e-6
#define CYCLES        20
#define HALVES        (2 * CYCLES)
#define CLOCK_OFF     0.055 /* at most, with what noise adds */
#define CARRIER_OFF   93e3  /* Hz: 200 ppm of 433.92 MHz, and a little */
#define CYCLE_MAX     64    /* samples */
#define LINES         7     /* of a cycle's spectrum on either side that count */
#define ALIASES       7     /* offsets on either side that a lag of one cycle cannot tell apart */
#define PLACES        32    /* in a cycle that are tried */
#define FITS          4     /* offsets for which they are */
#define UNLIKE        0.6f  /* of the likeliest one: those below are not tried */
#define STEPS         40    /* carriers that are tried, of those that a cycle tells apart, where frames collide */
#define NEIGHBOURS    3     /* steps */
#define SCANNED       6
#define BARE          0.36f /* of what is the same after a cycle, squared */
#define SAME_BASE     0.12  /* turns over all cycles */
#define SLACK         10    /* halves by which a guess may be off */
#define LEAST_QUALITY 0.06f
#define LEAST_EBN0    2.5 /* 4 dB: below it no frame is read, and a carrier without modulation looks like that */
#define DEVIATIONS    2

static const double links_deviation[DEVIATIONS] = {50000, 37500}; /* by enum bulla_air_link */

/* What is known on the way. Samples and turns. */
struct search {
    const struct modem_region *region;
    double guess, cycle;
    double carrier[2 * ALIASES + 1]; /* the candidates; beyond the channel: NAN */
    bool folded;
    double base; /* carrier that the cycles were laid over each other with: a candidate less its alias */
    struct modem_sum lines[2 * (ALIASES + LINES) + 1]; /* spectrum of one cycle around the base */
    float powers[2 * (ALIASES + LINES) + 1];           /* |line|^2 */
};

struct fit {
    double base, carrier;
    int alias, deviation;
    float strength;
    double place; /* where a high half begins, in cycles */
};

/* ---- the cycle and the carrier ---- */

static struct modem_sum at_lag(const struct search *s, size_t lag)
{
    const struct modem_region *r = s->region;
    double end = s->guess + CYCLES * CYCLE_S * r->work_hz;
    size_t from = (size_t)s->guess + lag, to = end > (double)r->n ? r->n : (size_t)end;
    if (from >= to)
        return (struct modem_sum){0, 0};
    return r->kernels->correlate(r->re + from, r->im + from, r->re + from - lag, r->im + from - lag, to - from);
}

struct peak {
    size_t lag;
    double exact;
    struct modem_sum sum;
};

/* Between the lags `from` and `to`, where the preamble is most like itself. */
static struct peak most_alike(const struct search *s, double from, double to)
{
    size_t first = (size_t)from, last = (size_t)to + 1;
    float before = 0, best_before = 0, best_after = 0, best = -1;
    struct peak peak = {first, (double)first, {0, 0}};
    bool just = false;
    for (size_t lag = first; lag <= last; lag++) {
        struct modem_sum sum = at_lag(s, lag);
        float size = modem_square(sum);
        if (just)
            best_after = size;
        just = size > best;
        if (just) {
            best = size;
            best_before = before;
            best_after = 0;
            peak = (struct peak){lag, (double)lag, sum};
        }
        before = size;
    }
    float curve = best_before - 2 * best + best_after;
    if (best_before > 0 && best_after > 0 && curve < 0)
        peak.exact += 0.5 * (best_before - best_after) / curve;
    return peak;
}

/* The turn over exactly one cycle, between those at the lags around it. */
static double turn_a_cycle(const struct search *s)
{
    size_t lag = (size_t)s->cycle;
    double below = modem_angle(at_lag(s, lag)), above = modem_angle(at_lag(s, lag + 1));
    return modem_wrapped(below + (s->cycle - (double)lag) * modem_wrapped(above - below));
}

static void find_carriers(struct search *s, const struct peak *five, const struct peak *ten)
{
    double one = turn_a_cycle(s) / s->cycle;
    double angle5 = modem_angle(five->sum), angle10 = modem_angle(ten->sum), lag5 = (double)five->lag, lag10 = (double)ten->lag;
    for (int m = -ALIASES; m <= ALIASES; m++) {
        double f = one + m / s->cycle;
        f += modem_wrapped(angle5 - f * lag5) / lag5;
        f += modem_wrapped(angle10 - f * lag10) / lag10;
        s->carrier[m + ALIASES] = fabs(f) * s->region->work_hz <= CARRIER_OFF ? f : (double)NAN;
    }
}

/* ---- the place in the cycle ---- */

/* The lines of one cycle of n samples: correlations with e^(2 pi i k t), step by step in k. */
static void spectrum(struct search *s, const float *re, const float *im, size_t n)
{
    const int most = ALIASES + LINES;
    float step_re[CYCLE_MAX], step_im[CYCLE_MAX], wave_re[CYCLE_MAX], wave_im[CYCLE_MAX], back_im[CYCLE_MAX];
    for (size_t i = 0; i < n; i++) {
        struct modem_sum step = modem_turn((double)i / s->cycle);
        step_re[i] = step.re;
        step_im[i] = step.im;
        wave_re[i] = 1;
        wave_im[i] = back_im[i] = 0;
    }
    for (int k = 0; k <= most; k++) {
        s->lines[most + k] = s->region->kernels->correlate(re, im, wave_re, wave_im, n);
        s->lines[most - k] = s->region->kernels->correlate(re, im, wave_re, back_im, n);
        for (size_t i = 0; i < n; i++) {
            float next = wave_re[i] * step_re[i] - wave_im[i] * step_im[i];
            wave_im[i] = wave_re[i] * step_im[i] + wave_im[i] * step_re[i];
            wave_re[i] = next;
            back_im[i] = -wave_im[i];
        }
    }
    for (int k = 0; k <= 2 * most; k++)
        s->powers[k] = modem_square(s->lines[k]);
}

/* Lays all cycles over each other, in step; then the spectrum of that one, line m at m over a cycle. Nothing is done anew for
 * a base that is the same but for little: where a cycle is a whole number of samples all candidates have one. */
static void fold(struct search *s, double base)
{
    if (s->folded && fabs(base - s->base) * CYCLES * s->cycle < SAME_BASE)
        return;
    s->folded = true;
    s->base = base;
    const struct modem_region *r = s->region;
    float re[CYCLE_MAX] = {0}, im[CYCLE_MAX] = {0};
    size_t n = (size_t)lrint(s->cycle);
    for (int c = 0; c < CYCLES; c++) {
        size_t from = (size_t)lrint(s->guess + c * s->cycle);
        struct modem_sum turn = modem_turn(-s->base * (double)from);
        if (from + n > r->n)
            break;
        for (size_t i = 0; i < n; i++) {
            re[i] += r->re[from + i] * turn.re - r->im[from + i] * turn.im;
            im[i] += r->re[from + i] * turn.im + r->im[from + i] * turn.re;
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct modem_sum sample = modem_times((struct modem_sum){re[i], im[i]}, modem_turn(-base * (double)i));
        re[i] = sample.re;
        im[i] = sample.im;
    }
    spectrum(s, re, im, n);
}

/* The spectrum of a cycle that begins with its high half, at the nominal clock. */
static const struct modem_sum *template_of(int deviation)
{
    static struct modem_sum lines[DEVIATIONS][2 * LINES + 1];
    static int filled;
    if (!__atomic_load_n(&filled, __ATOMIC_ACQUIRE)) {
        for (int d = 0; d < DEVIATIONS; d++)
            for (int k = -LINES; k <= LINES; k++) {
                double re = 0, im = 0;
                for (int i = 0; i < 256; i++) {
                    double t = (i + 0.5) / 256, turns = links_deviation[d] * CYCLE_S * (t < 0.5 ? t : 1 - t) - k * t;
                    re += cos(2 * M_PI * turns) / 256;
                    im += sin(2 * M_PI * turns) / 256;
                }
                lines[d][k + LINES] = (struct modem_sum){(float)re, (float)im};
            }
        __atomic_store_n(&filled, 1, __ATOMIC_RELEASE);
    }
    return lines[deviation];
}

/* How well that offset and deviation fit, wherever in the cycle the received one begins. */
static float likeness(const struct search *s, int alias, int deviation)
{
    const struct modem_sum *lines = template_of(deviation);
    float sum = 0;
    for (int k = -LINES; k <= LINES; k++)
        sum += s->powers[ALIASES + LINES + alias + k] * modem_square(lines[k + LINES]);
    return sum;
}

static void find_place(const struct search *s, struct fit *fit)
{
    const struct modem_sum *lines = template_of(fit->deviation);
    float strength[PLACES];
    struct modem_sum product[2 * LINES + 1];
    int best = 0;
    for (int k = -LINES; k <= LINES; k++) {
        struct modem_sum t = lines[k + LINES];
        product[k + LINES] = modem_times(s->lines[ALIASES + LINES + fit->alias + k], (struct modem_sum){t.re, -t.im});
    }
    for (int place = 0; place < PLACES; place++) {
        struct modem_sum sum = {0, 0};
        for (int k = -LINES; k <= LINES; k++)
            sum = modem_plus(
                sum, modem_times(product[k + LINES], modem_turns[(unsigned)(k * place * (MODEM_TURN_STEPS / PLACES)) % MODEM_TURN_STEPS]));
        strength[place] = modem_square(sum);
        if (strength[place] > strength[best])
            best = place;
    }
    float before = strength[(best + PLACES - 1) % PLACES], after = strength[(best + 1) % PLACES];
    float curve = before - 2 * strength[best] + after;
    fit->strength = strength[best];
    fit->place = (best + (curve < 0 ? 0.5 * (double)((before - after) / curve) : 0)) / PLACES;
}

/* Among the strongest, the strongest first; returns how many there are now. */
static int keep(struct fit *fits, int n, int most, const struct fit *fit)
{
    if (n == most && fits[most - 1].strength >= fit->strength)
        return n;
    int at = n < most ? n++ : most - 1;
    for (; at > 0 && fits[at - 1].strength < fit->strength; at--)
        fits[at] = fits[at - 1];
    fits[at] = *fit;
    return n;
}

/* The best offset, deviation and place. False: none of them is in the channel. */
static bool find_fit(struct search *s, struct fit *best)
{
    struct fit fits[FITS];
    int n = 0;
    for (int alias = -ALIASES; alias <= ALIASES; alias++)
        for (int d = 0; d < DEVIATIONS; d++) {
            if (isnan(s->carrier[alias + ALIASES]))
                continue;
            double carrier = s->carrier[alias + ALIASES], base = carrier - alias / s->cycle;
            fold(s, base);
            struct fit fit = {base, carrier, alias, d, likeness(s, alias, d), 0};
            n = keep(fits, n, FITS, &fit);
        }
    float likeliest = n > 0 ? fits[0].strength : 0;
    for (int i = 0; i < n; i++) {
        if (fits[i].strength < UNLIKE * likeliest)
            continue;
        fold(s, fits[i].base);
        find_place(s, &fits[i]);
        if (i == 0 || fits[i].strength > best->strength)
            *best = fits[i];
    }
    return n > 0;
}

/* ---- the frame ---- */

#define HALVES_ALL (HALVES + 2 * SLACK)

struct halves {
    double first, half;                     /* where half 0 begins, a high one; and how long each is */
    struct modem_sum sum[HALVES_ALL + 1];   /* of each */
    struct modem_sum total[HALVES_ALL + 1]; /* of all before it */
};

/* The phase that modulation has where a half begins, in turns: after a high one it is ahead. */
static double phase_of(int half, double deviation, double length)
{
    return half % 2 ? deviation * length : 0;
}

static void correlate_halves(const struct modem_region *r, const struct modem_sync *sync, struct halves *h)
{
    for (int i = 0; i < HALVES_ALL; i++) {
        double from = h->first + i * h->half;
        struct modem_sum sums[2];
        modem_tones_over(r, &sync->tones, from, from + h->half, sums); /* nothing where there is nothing */
        struct modem_sum turn = modem_turn(-(sync->carrier * from + phase_of(i, sync->deviation, h->half)));
        h->sum[i] = modem_times(sums[i % 2], turn);
        h->total[i + 1] = modem_plus(h->total[i], h->sum[i]);
    }
}

/* The sync that begins where half i does, coherent with what is before it. */
static struct modem_sum correlate_sync(const struct modem_region *r, const struct modem_sync *sync, const struct halves *h, int i)
{
    const struct bulla_air *air = bulla_air_of(sync->link);
    double samples = 1e-9 * r->work_hz * sync->clock, from = h->first + i * h->half;
    double middle = from + air->sync_high_ns * samples, end = middle + air->sync_low_ns * samples;
    struct modem_sum one[2], two[2];
    int first = i % 2, second = !first; /* an inverted one begins low */
    if (!modem_tones_over(r, &sync->tones, from, middle, one) || !modem_tones_over(r, &sync->tones, middle, end, two))
        return (struct modem_sum){0, 0};
    double begin = phase_of(i, sync->deviation, h->half);
    double turned = begin + (first ? -1 : 1) * sync->deviation * (middle - from);
    return modem_plus(modem_times(one[first], modem_turn(-(sync->carrier * from + begin))),
                      modem_times(two[second], modem_turn(-(sync->carrier * middle + turned))));
}

/* Least squares over the halves before the sync at `end`: corrects carrier, phase, place and clock, and tells the noise. */
static void refine(struct modem_sync *sync, struct halves *h, int end, double work_hz)
{
    struct modem_sum all = {h->total[end].re - h->total[end - HALVES].re, h->total[end].im - h->total[end - HALVES].im};
    struct modem_sum back = {all.re, -all.im};
    double phase = 0, slope = 0, late = 0, later = 0, squares = 0, middle = (HALVES - 1) / 2.0;
    for (int k = 0; k < HALVES; k++) {
        double angle = modem_angle(modem_times(h->sum[end - HALVES + k], back)), x = k - middle;
        double sign = (end - HALVES + k) % 2 ? 1 : -1; /* a late frame's high tone is behind, its low one ahead */
        phase += angle / HALVES;
        late += sign * angle / HALVES;
        slope += x * angle;
        later += x * sign * angle;
        squares += x * x;
    }
    double centre = h->first + (end - HALVES + middle + 0.5) * h->half;
    double at_centre = sync->carrier * centre + modem_angle(all) + phase;
    sync->carrier += slope / squares / h->half;
    centre += late / sync->deviation;
    at_centre += sync->carrier * late / sync->deviation;
    h->half += later / squares / sync->deviation;
    sync->clock = h->half / (CYCLE_S / 2 * work_hz);
    sync->edge = centre - HALVES / 2.0 * h->half;

    struct modem_sum mean = {0, 0};
    float energy = 0;
    for (int k = 0; k < HALVES; k++) { /* once more, now in step */
        double x = k - middle, sign = (end - HALVES + k) % 2 ? 1 : -1;
        double turns = slope / squares * x + sign * (late + later / squares * x);
        struct modem_sum turned = modem_times(h->sum[end - HALVES + k], modem_turn(-turns));
        mean = modem_plus(mean, (struct modem_sum){turned.re / HALVES, turned.im / HALVES});
        energy += modem_square(turned) / HALVES;
    }
    float noise = energy - modem_square(mean), samples = (float)h->half;
    noise = noise > 1e-4f * energy ? noise * HALVES / (HALVES - 2) : 1e-4f * energy;
    sync->amplitude = sqrtf(modem_square(mean)) / samples;
    sync->noise = noise / samples;
    sync->phase = at_centre; /* of the carrier, at the centre, until the sync is behind us */
    sync->start = centre;
}

/* From the middle of the preamble to the first bit. */
static void go_to_start(struct modem_sync *sync, double work_hz)
{
    const struct bulla_air *air = bulla_air_of(sync->link);
    double samples = 1e-9 * work_hz * sync->clock, centre = sync->start;
    double high = air->sync_high_ns * samples, low = air->sync_low_ns * samples;
    sync->start = sync->edge + CYCLES * CYCLE_S * work_hz * sync->clock + high + low;
    double brought = (sync->inverted ? -1 : 1) * sync->deviation * (high - low);
    double half = sync->inverted ? sync->deviation * CYCLE_S / 2 * work_hz * sync->clock : 0; /* phase where its preamble begins */
    sync->phase += sync->carrier * (sync->start - centre) + brought + half;
    sync->phase -= floor(sync->phase);
}

static bool find_frame(const struct search *s, const struct fit *fit, struct modem_sync *sync)
{
    const struct modem_region *r = s->region;
    struct halves h = {.half = s->cycle / 2};
    double place = s->guess + fit->place * s->cycle;
    h.first = place - (SLACK + 2 * 1) / 2 * s->cycle;
    correlate_halves(r, sync, &h);
    int best = -1;
    float most = 0;
    for (int i = HALVES; i <= HALVES_ALL; i++) {
        struct modem_sum sum = {h.total[i].re - h.total[i - HALVES].re, h.total[i].im - h.total[i - HALVES].im};
        float size = modem_square(modem_plus(sum, correlate_sync(r, sync, &h, i)));
        if (size > most) {
            most = size;
            best = i;
        }
    }
    if (best < 0)
        return false;
    sync->inverted = best % 2;
    double from = h.first + (best - HALVES) * h.half;
    const struct bulla_air *air = bulla_air_of(sync->link);
    double length = (CYCLES * CYCLE_S + 1e-9 * (air->sync_high_ns + air->sync_low_ns)) * r->work_hz * sync->clock;
    size_t at = from > 0 ? (size_t)from : 0, end = (size_t)(from + length) < r->n ? (size_t)(from + length) : r->n;
    float energy = r->kernels->correlate(r->re + at, r->im + at, r->re + at, r->im + at, end - at).re;
    sync->quality = energy > 0 ? most / (energy * (float)length) : 0;
    if (sync->quality < LEAST_QUALITY)
        return false;
    refine(sync, &h, best, r->work_hz);
    go_to_start(sync, r->work_hz);
    return true;
}

/* From a fit to a frame. */
static bool settle(const struct search *s, const struct fit *fit, struct modem_sync *sync)
{
    const struct modem_region *region = s->region;
    *sync = (struct modem_sync){.link = (enum bulla_air_link)fit->deviation, .carrier = fit->carrier};
    sync->clock = s->cycle / (CYCLE_S * region->work_hz);
    sync->deviation = links_deviation[fit->deviation] / region->work_hz;
    modem_tones_set(&sync->tones, sync->carrier + sync->deviation, sync->carrier - sync->deviation);
    if (!find_frame(s, fit, sync))
        return false;
    modem_tones_set(&sync->tones, sync->carrier + sync->deviation, sync->carrier - sync->deviation);
    double bit = 2e-9 * bulla_air_of(sync->link)->half_ns * region->work_hz;
    sync->ebn0 = sync->amplitude * sync->amplitude * bit / sync->noise;
    return true;
}

/* A carrier without modulation, or with its amplitude switched, is the same after half a cycle as well; a preamble is not. The band is
 * full of them: it is worth while to see that at once. */
static bool is_bare_carrier(const struct search *s)
{
    size_t cycle = (size_t)lrint(CYCLE_S * s->region->work_hz);
    return modem_square(at_lag(s, cycle / 2)) > BARE * modem_square(at_lag(s, cycle));
}

bool modem_sync_find(const struct modem_region *region, double guess, struct modem_sync *sync)
{
    struct search s = {.region = region, .guess = guess < 1 ? 1 : rint(guess)};
    struct fit fit = {0};
    double nominal = CYCLE_S * region->work_hz;
    if (is_bare_carrier(&s))
        return false;
    struct peak five = most_alike(&s, 5 * nominal * (1 - CLOCK_OFF), 5 * nominal * (1 + CLOCK_OFF));
    struct peak ten = most_alike(&s, 2 * five.exact - 3, 2 * five.exact + 3);
    s.cycle = ten.exact / 10;
    find_carriers(&s, &five, &ten);
    return find_fit(&s, &fit) && settle(&s, &fit, sync) && sync->ebn0 >= LEAST_EBN0;
}

/* ---- several frames at once ---- */

/* The likeliest of all carriers, a step apart, at this cycle; of neighbours the likeliest one. */
static int scan(struct search *s, struct fit *fits, int most)
{
    int n = 0;
    for (int step = 0; step < STEPS; step++) {
        double base = ((double)step / STEPS - 0.5) / s->cycle;
        s->folded = false;
        fold(s, base);
        for (int alias = -ALIASES; alias <= ALIASES; alias++)
            for (int d = 0; d < DEVIATIONS; d++) {
                double carrier = base + alias / s->cycle;
                if (fabs(carrier) * s->region->work_hz > CARRIER_OFF)
                    continue;
                struct fit fit = {base, carrier, alias, d, likeness(s, alias, d), 0};
                int same = -1;
                for (int i = 0; i < n && same < 0; i++)
                    if (fabs(fits[i].carrier - carrier) * s->cycle * STEPS < NEIGHBOURS)
                        same = i;
                if (same >= 0 && fits[same].strength >= fit.strength)
                    continue;
                if (same >= 0) {
                    memmove(&fits[same], &fits[same + 1], (size_t)(n - same - 1) * sizeof *fits);
                    n--;
                }
                n = keep(fits, n, most, &fit);
            }
    }
    return n;
}

size_t modem_sync_find_all(const struct modem_region *region, double guess, struct modem_sync *syncs, size_t most)
{
    struct search s = {.region = region, .guess = guess < 1 ? 1 : rint(guess), .cycle = CYCLE_S * region->work_hz};
    struct fit fits[SCANNED];
    if (is_bare_carrier(&s))
        return 0;
    int n = scan(&s, fits, SCANNED);
    size_t found = 0;
    for (int i = 0; i < n && found < most; i++) {
        s.folded = false;
        fold(&s, fits[i].base);
        find_place(&s, &fits[i]);
        found += settle(&s, &fits[i], &syncs[found]);
    }
    return found;
}
