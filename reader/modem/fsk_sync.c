/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/fsk_sync.h"

#include <math.h>
#include <string.h>

#define WINDOW 28    /* bits of the preamble that the carrier is taken from */
#define BARE   0.45f /* of the power at two bits that is there at one: a preamble has none */
#define LINES  1     /* on either side of the carrier */
#define LANES  8
#define PLACES 32 /* in two bits */

#define OFF_MORE 1.03 /* what a receiver must take, and a little */

#define GRID      36 /* carriers that are tried in the distance of two lines, where packets begin together */
#define GRID_MOST 2048
#define APART     3 /* of them: the same line */
#define SCANNED   6 /* that are looked at */

#define BEFORE     20 /* bits before the guess at which a packet may begin */
#define BEHIND     12 /* and behind it */
#define HEARD      (BEFORE + BEHIND + MODEM_FSK_HEAD + 1)
#define CLOCKS     3
#define CLOCK_STEP 0.006
#define AT_ONCE    6 /* bits that are added up coherently */

/* Of what 48 bits add up to, over what an eighth of it would be if all the power were noise. */
#define LEAST_SIZE 60.0f
/* Of the mean, what all but one of these sums have: the end of another packet has not. */
#define LEAST_PART 0.2f
/* Of the power in the right tones, what may be in the other ones. */
#define MOST_OTHER 0.6f
/* Another sync word, or a place beside the right one, has 7 wrong ones of the last 24 known bits. */
#define NEAR_SYNC   24
#define MOST_OTHERS 6

#define CARRIERS   41     /* of the fine search */
#define FINE_STEP  0.0025 /* turns a bit */
#define ROUNDS     3
#define LEAST_EBN0 1.6 /* of the bits that are known; a packet that is any weaker would have no right byte */

/* Of the known bits neither the first nor the last one: what is beside them is not known. */
#define INNER_FIRST 1
#define INNER_END   (MODEM_FSK_HEAD - 1)

/* ---- correlation of a bit ---- */

bool modem_fsk_correlate(const struct modem_region *region, const struct modem_fsk_shape *shape, const struct modem_fsk_place *place,
                         struct modem_sum sums[MODEM_FSK_PATTERNS])
{
    double end = place->begin + place->bit;
    float re[MODEM_FSK_PATTERNS] = {0}, im[MODEM_FSK_PATTERNS] = {0};
    if (!(place->begin >= 0 && end <= (double)region->n))
        return false;
    size_t first = (size_t)ceil(place->begin), last = (size_t)ceil(end);
    double phase = -2 * M_PI * modem_wrapped(place->phase + place->carrier * ((double)first - place->begin));
    double step = -2 * M_PI * place->carrier;
    struct modem_sum turn = {(float)cos(phase), (float)sin(phase)};
    const struct modem_sum turns = {(float)cos(step), (float)sin(step)};
    float at = (float)(((double)first - place->begin) / place->bit * MODEM_FSK_STEPS), steps = (float)(MODEM_FSK_STEPS / place->bit);
    for (size_t i = first; i < last; i++, at += steps) {
        struct modem_sum y = modem_times((struct modem_sum){region->re[i], region->im[i]}, turn);
        unsigned k = (unsigned)at < MODEM_FSK_STEPS ? (unsigned)at : MODEM_FSK_STEPS - 1;
        const float *shape_re = shape->re[k], *shape_im = shape->im[k];
        for (unsigned p = 0; p < MODEM_FSK_PATTERNS; p++) {
            re[p] += y.re * shape_re[p] + y.im * shape_im[p];
            im[p] += y.im * shape_re[p] - y.re * shape_im[p];
        }
        turn = modem_times(turn, turns);
    }
    for (unsigned p = 0; p < MODEM_FSK_PATTERNS; p++)
        sums[p] = (struct modem_sum){re[p], im[p]};
    return true;
}

/* ---- the carrier and where bits begin ---- */

struct search {
    const struct modem_region *region;
    const struct modem_fsk_shape *shape;
    double nominal; /* samples a bit */
    size_t from, n; /* the window */
    double carrier; /* turns a sample */
    double edge;    /* where an upper bit of the preamble begins, samples */
};

static struct modem_sum at_lag(const struct search *s, size_t lag)
{
    const float *re = s->region->re + s->from, *im = s->region->im + s->from;
    return s->region->kernels->correlate(re + lag, im + lag, re, im, s->n - lag);
}

/* The spectrum of the window at a frequency, phase zero at its begin; LANES samples side by side. */
static struct modem_sum line_at(const struct search *s, double frequency)
{
    const float *re = s->region->re + s->from, *im = s->region->im + s->from;
    float c[LANES], d[LANES], sum_re[LANES] = {0}, sum_im[LANES] = {0};
    const float step_re = (float)cos(2 * M_PI * LANES * frequency), step_im = (float)-sin(2 * M_PI * LANES * frequency);
    for (int k = 0; k < LANES; k++) {
        c[k] = (float)cos(2 * M_PI * k * frequency);
        d[k] = (float)-sin(2 * M_PI * k * frequency);
    }
    for (size_t i = 0; i + LANES <= s->n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            float a = re[i + (size_t)k], b = im[i + (size_t)k], turned = c[k] * step_re - d[k] * step_im;
            sum_re[k] += a * c[k] - b * d[k];
            sum_im[k] += a * d[k] + b * c[k];
            d[k] = c[k] * step_im + d[k] * step_re;
            c[k] = turned;
        }
    struct modem_sum sum = {0};
    for (int k = 0; k < LANES; k++)
        sum = modem_plus(sum, (struct modem_sum){sum_re[k], sum_im[k]});
    return sum;
}

/* What the lines of an upper bit, then a lower one, over and over, must be multiplied with so that they add up, for each place in the two
 * bits at which the upper one may begin. */
struct comb {
    struct modem_sum by[PLACES][2 * LINES + 1];
};

static void make_comb(const struct modem_fsk_shape *shape, struct comb *comb)
{
    struct modem_sum lines[2 * LINES + 1] = {0};
    for (int i = 0; i < 2 * MODEM_FSK_STEPS; i++) {
        int at = i % MODEM_FSK_STEPS, pattern = i < MODEM_FSK_STEPS ? 2 : 5; /* 0 1 0, 1 0 1; half a turn lies between them */
        float sign = i < MODEM_FSK_STEPS ? 1 : -1;
        struct modem_sum y = {sign * shape->re[at][pattern], sign * shape->im[at][pattern]};
        for (int q = -LINES; q <= LINES; q++)
            lines[q + LINES] = modem_plus(lines[q + LINES], modem_times(y, modem_turn(-q * (i + 0.5) / MODEM_FSK_STEPS / 2)));
    }
    for (int k = 0; k < PLACES; k++)
        for (int q = -LINES; q <= LINES; q++)
            comb->by[k][q + LINES] =
                modem_times((struct modem_sum){lines[q + LINES].re, -lines[q + LINES].im}, modem_turn((double)q * k / PLACES));
}

/* The place at which three lines fit best what was found at a carrier. */
static float fit_place(const struct modem_sum found[2 * LINES + 1], const struct comb *comb, int *place)
{
    float most = -1;
    for (int k = 0; k < PLACES; k++) {
        struct modem_sum sum = {0};
        for (int q = 0; q <= 2 * LINES; q++)
            sum = modem_plus(sum, modem_times(found[q], comb->by[k][q]));
        float size = modem_square(sum);
        if (size > most) {
            most = size;
            *place = k;
        }
    }
    return most;
}

static bool find_carrier(struct search *s)
{
    size_t lag = (size_t)lrint(2 * s->nominal);
    struct modem_sum two = at_lag(s, lag), one = at_lag(s, (size_t)lrint(s->nominal)), found[2 * LINES + 1];
    struct comb comb;
    if (modem_square(one) > BARE * modem_square(two))
        return false;
    double fraction = modem_angle(two), work = s->region->work_hz, off = OFF_MORE * s->shape->packet->offset_hz / work;
    int most_aliases = (int)(off * (double)lag + 1);
    float most = 0;
    make_comb(s->shape, &comb);
    for (int alias = -most_aliases; alias <= most_aliases; alias++) {
        double carrier = (fraction + alias) / (double)lag;
        int place = 0;
        if (fabs(carrier) > off)
            continue;
        for (int q = -LINES; q <= LINES; q++)
            found[q + LINES] = line_at(s, carrier + q / (2 * s->nominal));
        float size = fit_place(found, &comb, &place);
        if (size > most) {
            most = size;
            s->carrier = carrier;
            s->edge = (double)s->from + 2 * s->nominal * place / PLACES;
        }
    }
    return most > 0;
}

/* Likely carriers where packets that begin together hide each other's turn: all are tried. Returns how many, the likeliest first. */
static size_t scan_carriers(const struct search *s, struct search *to, size_t most)
{
    static _Thread_local struct modem_sum lines[GRID_MOST];
    static _Thread_local float sizes[GRID_MOST];
    static _Thread_local int places[GRID_MOST];
    double step = 1 / (2 * s->nominal) / GRID, off = OFF_MORE * s->shape->packet->offset_hz / s->region->work_hz;
    int half = (int)ceil(off / step), n = 2 * half + 1;
    struct comb comb;
    size_t found = 0;
    if (n + 2 * GRID > GRID_MOST)
        return 0;
    make_comb(s->shape, &comb);
    for (int i = 0; i < n + 2 * GRID; i++)
        lines[i] = line_at(s, (i - half - GRID) * step);
    for (int i = 0; i < n; i++)
        sizes[i] = fit_place((const struct modem_sum[]){lines[i], lines[i + GRID], lines[i + 2 * GRID]}, &comb, &places[i]);
    while (found < most) {
        int best = 0;
        for (int i = 1; i < n; i++)
            best = sizes[i] > sizes[best] ? i : best;
        if (sizes[best] <= 0)
            break;
        to[found] = *s;
        to[found].carrier = (best - half) * step;
        to[found++].edge = (double)s->from + 2 * s->nominal * places[best] / PLACES;
        for (int i = best - APART < 0 ? 0 : best - APART; i < n && i <= best + APART; i++)
            sizes[i] = 0;
    }
    return found;
}

/* ---- which bit is the first ---- */

struct heard {
    struct modem_sum bits[HEARD][2]; /* with the lower tone, with the upper one */
    float energy[HEARD];
    double begin; /* of the first one */
};

struct head { /* preamble and sync as tones */
    uint8_t bits[MODEM_FSK_HEAD];
};

static void make_head(struct head *head, bool to_seal, bool inverted)
{
    uint8_t bits[MODEM_FSK_BITS_MAX];
    const uint8_t nothing = 0;
    (void)modem_fsk_bits((struct bulla_bytes){&nothing, 1}, to_seal, bits);
    for (size_t i = 0; i < MODEM_FSK_HEAD; i++)
        head->bits[i] = bits[i] ^ inverted;
}

static void hear(const struct search *s, double clock, double guess, struct heard *h)
{
    double bit = s->nominal * clock, middle = guess + MODEM_FSK_HEAD / 2 * s->nominal;
    /* What is around the window's middle keeps its place whatever the clock is. */
    double anchor = s->edge + rint((middle - s->edge) / (2 * s->nominal)) * 2 * s->nominal;
    h->begin = anchor - (BEFORE + MODEM_FSK_HEAD / 2) * bit;
    for (int i = 0; i < HEARD; i++) {
        double begin = h->begin + i * bit;
        struct modem_sum sums[MODEM_FSK_PATTERNS];
        struct modem_fsk_place place = {begin, bit, s->carrier * (begin - anchor) + 0.5 * (i % 2), s->carrier};
        memset(h->bits[i], 0, sizeof h->bits[i]);
        h->energy[i] = 0;
        if (!modem_fsk_correlate(s->region, s->shape, &place, sums))
            continue;
        h->bits[i][0] = sums[0];
        h->bits[i][1] = sums[MODEM_FSK_PATTERNS - 1];
        size_t at = (size_t)begin, n = (size_t)bit;
        const float *re = s->region->re + at, *im = s->region->im + at;
        h->energy[i] = s->region->kernels->correlate(re, im, re, im, n).re;
    }
}

/* Some bits from the k-th one on. */
static float part_at(const struct heard *h, int first, const struct head *head, int k)
{
    struct modem_sum sum = {0};
    for (int i = k; i < k + AT_ONCE; i++)
        sum = modem_plus(sum, h->bits[first + i][head->bits[i]]);
    return modem_square(sum);
}

static float size_at(const struct heard *h, int first, const struct head *head)
{
    float size = 0;
    for (int k = 0; k < MODEM_FSK_HEAD; k += AT_ONCE)
        size += part_at(h, first, head, k);
    return size;
}

struct found {
    float size, energy;
    double begin, bit; /* of the packet's first bit */
    int way;           /* 2 * to a seal + inverted */
};

/* The packet is there from its first bit to its last known one: all sums of some bits, but for one, are about as large; and where one
 * tone is the other one is not, as it is in a carrier whose amplitude is switched. */
static bool is_whole(const struct heard *h, int first, const struct head *head)
{
    float mean = size_at(h, first, head) / (MODEM_FSK_HEAD / AT_ONCE), right = 0, wrong = 0;
    int weak = 0, others = 0;
    for (int k = 0; k < MODEM_FSK_HEAD; k += AT_ONCE)
        weak += part_at(h, first, head, k) < LEAST_PART * mean;
    for (int i = 0; i < MODEM_FSK_HEAD; i++) {
        float one = modem_square(h->bits[first + i][head->bits[i]]), other = modem_square(h->bits[first + i][!head->bits[i]]);
        right += one;
        wrong += other;
        others += i >= MODEM_FSK_HEAD - NEAR_SYNC && other > one;
    }
    return weak <= 1 && wrong < MOST_OTHER * right && others <= MOST_OTHERS;
}

static void find_first(const struct search *s, double guess, const struct head heads[4], struct found *found)
{
    struct heard h;
    for (int c = 0; c < CLOCKS; c++) {
        double clock = 1 + (c - CLOCKS / 2) * CLOCK_STEP;
        hear(s, clock, guess, &h);
        for (int first = 0; first + MODEM_FSK_HEAD <= HEARD; first++)
            for (int way = 0; way < 4; way++) {
                float size = size_at(&h, first, &heads[way]);
                if (size <= found->size || !is_whole(&h, first, &heads[way]))
                    continue;
                *found = (struct found){size, 0, h.begin + first * s->nominal * clock, s->nominal * clock, way};
                for (int i = first; i < first + MODEM_FSK_HEAD; i++)
                    found->energy += h.energy[i];
            }
    }
}

/* ---- least squares ---- */

struct fit {
    const struct search *s;
    const struct head *head;
    double begin, bit, carrier, phase;     /* of the packet's first bit */
    struct modem_sum sums[MODEM_FSK_HEAD]; /* with what is known to be there */
    float slope[MODEM_FSK_HEAD];
};

static bool correlate_head(struct fit *f)
{
    for (int i = INNER_FIRST; i < INNER_END; i++) {
        struct modem_sum sums[MODEM_FSK_PATTERNS];
        unsigned pattern = 4u * f->head->bits[i - 1] + 2u * f->head->bits[i] + f->head->bits[i + 1];
        double begin = f->begin + i * f->bit;
        struct modem_fsk_place place = {begin, f->bit, f->phase + f->carrier * (begin - f->begin) + 0.5 * (i % 2), f->carrier};
        if (!modem_fsk_correlate(f->s->region, f->s->shape, &place, sums))
            return false;
        f->sums[i] = sums[pattern];
        f->slope[i] = f->s->shape->slope[pattern];
    }
    return true;
}

/* The carrier to a few thousandths of a turn a bit, and the phase. */
static void find_fine(struct fit *f)
{
    float most = -1;
    double best = 0, phase = 0;
    for (int k = 0; k < CARRIERS; k++) {
        double turns = (k - CARRIERS / 2) * FINE_STEP;
        struct modem_sum sum = {0};
        for (int i = INNER_FIRST; i < INNER_END; i++)
            sum = modem_plus(sum, modem_times(f->sums[i], modem_turn(-turns * i)));
        if (modem_square(sum) > most) {
            most = modem_square(sum);
            best = turns;
            phase = modem_angle(sum);
        }
    }
    f->carrier += best / f->bit;
    f->phase += phase;
}

/* Turns a into its inverse. False: it has none. */
static bool invert(double a[4][4])
{
    double b[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    for (int i = 0; i < 4; i++) { /* a is positive definite: no pivots are sought */
        if (!(a[i][i] > 1e-12))
            return false;
        double over = 1 / a[i][i];
        for (int k = 0; k < 4; k++) {
            a[i][k] *= over;
            b[i][k] *= over;
        }
        for (int row = 0; row < 4; row++) {
            double times = a[row][i];
            for (int k = 0; k < 4 && row != i; k++) {
                a[row][k] -= times * a[i][k];
                b[row][k] -= times * b[i][k];
            }
        }
    }
    memcpy(a, b, sizeof b);
    return true;
}

/* One round; leaves the inverse of the normal equations, about the packet's last known bit, in `sure`. */
static bool improve(struct fit *f, double sure[4][4])
{
    double right[4] = {0}, x[4] = {0};
    memset(sure, 0, sizeof(double[4][4]));
    for (int i = INNER_FIRST; i < INNER_END; i++) {
        double k = i - MODEM_FSK_HEAD, slope = -2 * M_PI * f->slope[i];
        double row[4] = {1, k + 0.5, slope, slope * k}, angle = 2 * M_PI * modem_angle(f->sums[i]);
        for (int a = 0; a < 4; a++) {
            right[a] += row[a] * angle;
            for (int b = 0; b < 4; b++)
                sure[a][b] += row[a] * row[b];
        }
    }
    if (!invert(sure))
        return false;
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++)
            x[a] += sure[a][b] * right[b];
    /* x is at the body's start: back to the first bit. */
    double start = f->begin + MODEM_FSK_HEAD * f->bit, phase = f->phase + f->carrier * (start - f->begin) + x[0] / (2 * M_PI);
    start += x[2] * f->bit;
    f->carrier += x[1] / (2 * M_PI) / f->bit;
    f->bit *= 1 + x[3];
    f->begin = start - MODEM_FSK_HEAD * f->bit;
    /* The phase was measured where the start was thought to be. */
    phase += f->carrier * x[2] * f->bit;
    f->phase = phase - f->carrier * (start - f->begin);
    return true;
}

static bool settle(struct fit *f, struct modem_fsk_sync *sync)
{
    double re = 0, noise = 0;
    for (int round = 0; round < ROUNDS; round++)
        if (!correlate_head(f) || !improve(f, sync->sure))
            return false;
    if (!correlate_head(f))
        return false;
    for (int i = INNER_FIRST; i < INNER_END; i++) {
        re += f->sums[i].re;
        noise += f->sums[i].im * f->sums[i].im;
    }
    const int n = INNER_END - INNER_FIRST;
    sync->start = f->begin + MODEM_FSK_HEAD * f->bit;
    sync->bit = f->bit;
    sync->carrier = f->carrier;
    sync->phase = f->phase + f->carrier * (sync->start - f->begin);
    sync->clock = f->bit / f->s->nominal;
    sync->amplitude = (float)(re / n / f->bit);
    sync->noise = noise / (n - 4) + 1e-9;
    double angle = sync->noise * n * n / (re * re + 1e-9); /* variance of one */
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++)
            sync->sure[a][b] *= angle;
    return re > 0 && re * re / ((double)n * n * 2 * sync->noise) > LEAST_EBN0;
}

static bool begin(struct search *s, const struct modem_region *region, const struct modem_fsk_shape *shape, double guess)
{
    *s = (struct search){.region = region, .shape = shape, .nominal = region->work_hz / shape->packet->rate};
    double from = guess + 2 * s->nominal;
    s->from = from > 0 ? (size_t)from : 0;
    s->n = (size_t)(WINDOW * s->nominal);
    return s->from + s->n <= region->n;
}

/* From the carrier to the rest. */
static bool complete(const struct search *s, double guess, struct modem_fsk_sync *sync)
{
    struct found found = {0};
    struct head heads[4];
    for (int way = 0; way < 4; way++)
        make_head(&heads[way], way / 2, way % 2);
    find_first(s, guess, heads, &found);
    float whole = found.energy / (float)MODEM_FSK_HEAD; /* of a bit */
    if (!(found.size > LEAST_SIZE * whole * AT_ONCE))
        return false;
    struct fit fit = {.s = s, .head = &heads[found.way], .begin = found.begin, .bit = found.bit, .carrier = s->carrier};
    if (!correlate_head(&fit))
        return false;
    find_fine(&fit);
    *sync = (struct modem_fsk_sync){.to_seal = found.way / 2, .inverted = found.way % 2};
    sync->last = fit.head->bits[MODEM_FSK_HEAD - 1];
    return settle(&fit, sync);
}

bool modem_fsk_sync_find(const struct modem_region *region, const struct modem_fsk_shape *shape, double guess, struct modem_fsk_sync *sync)
{
    struct search s;
    return begin(&s, region, shape, guess) && find_carrier(&s) && complete(&s, guess, sync);
}

size_t modem_fsk_sync_find_all(const struct modem_region *region, const struct modem_fsk_shape *shape, double guess,
                               struct modem_fsk_sync *syncs, size_t most)
{
    struct search s, likely[SCANNED];
    size_t found = 0, n = begin(&s, region, shape, guess) ? scan_carriers(&s, likely, SCANNED) : 0;
    for (size_t i = 0; i < n && found < most; i++)
        found += complete(&likely[i], guess, &syncs[found]);
    return found;
}
