/* SPDX-License-Identifier: Apache-2.0
 *
 * The carrier is followed block by block: how much it turns over a few samples gives its frequency to a kilohertz or two, how much
 * from a part of a block to the next one, by that frequency, gives it to a hundred hertz; the sum of a block gives its phase. Between the
 * middles of blocks the phase goes in a straight line. A reader's keying does not turn the phase, and what a seal reflects is over within a
 * block; so nothing must be known of either.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader/modem/keyed.h"
#include "reader/modem/tone.h"

#define SPAN  (2 * MODEM_KEYED_AROUND + 1)
#define PARTS 3 /* of a block */

bool modem_keyed_trace_open(struct modem_keyed_trace *t, double work_hz)
{
    *t = (struct modem_keyed_trace){.work_hz = work_hz, .block = (size_t)lrint(MODEM_KEYED_BLOCK_S * work_hz)};
    t->at = t->block / 2; /* what is before the middle of the first block is not needed */
    size_t raw = (SPAN + 2) * t->block + MODEM_KEYED_MORE + MODEM_KEYED_LAG;
    t->re = calloc(raw, sizeof *t->re);
    t->im = calloc(raw, sizeof *t->im);
    t->sums = calloc(MODEM_KEYED_KEPT + 2 * MODEM_KEYED_MORE + 1, sizeof *t->sums);
    t->carrier = calloc((MODEM_KEYED_KEPT + 2 * MODEM_KEYED_MORE) / t->block + 2, sizeof *t->carrier);
    if (t->re && t->im && t->sums && t->carrier)
        return true;
    modem_keyed_trace_close(t);
    return false;
}

void modem_keyed_trace_close(struct modem_keyed_trace *t)
{
    free(t->re);
    free(t->im);
    free(t->sums);
    free(t->carrier);
    t->re = t->im = t->carrier = NULL;
    t->sums = NULL;
}

static void lags_of(const float *re, const float *im, size_t n, struct modem_keyed_block *block)
{
    float lag_re = 0, lag_im = 0;
    for (size_t i = 0; i < n; i++) {
        float a = re[i + MODEM_KEYED_LAG], b = im[i + MODEM_KEYED_LAG];
        lag_re += a * re[i] + b * im[i];
        lag_im += b * re[i] - a * im[i];
    }
    block->lag_re = lag_re;
    block->lag_im = lag_im;
}

struct turned {
    double re, im;
};

static struct turned turned_by(double turns)
{
    turns -= floor(turns);
    return (struct turned){cos(2 * M_PI * turns), sin(2 * M_PI * turns)};
}

static struct turned times(struct turned a, struct turned b)
{
    return (struct turned){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* The sum of n samples, by a carrier whose phase is zero at the first one. */
static struct turned sum_by(const float *re, const float *im, size_t n, double turns)
{
    struct turned at = {1, 0}, step = turned_by(-turns), sum = {0, 0};
    for (size_t i = 0; i < n; i++) {
        struct turned x = times((struct turned){re[i], im[i]}, at);
        sum.re += x.re;
        sum.im += x.im;
        at = times(at, step);
    }
    return sum;
}

/* From each part of a block to the next one: the carrier's turn. */
static void parts_of(const float *re, const float *im, size_t n, double turns, struct modem_keyed_block *block)
{
    size_t part = n / PARTS;
    struct turned before = {0, 0}, all = {0, 0};
    for (size_t i = 0; i < PARTS; i++) {
        struct turned sum = sum_by(re + i * part, im + i * part, part, turns);
        struct turned product = times(sum, (struct turned){before.re, -before.im});
        all.re += product.re;
        all.im += product.im;
        before = sum;
    }
    block->part_re = all.re;
    block->part_im = all.im;
}

/* Of the blocks that are known: what the carrier turns a sample. */
static double coarse_of(const struct modem_keyed_trace *t)
{
    double re = 0, im = 0;
    for (size_t i = 0; i < SPAN; i++) {
        re += t->blocks[i].lag_re;
        im += t->blocks[i].lag_im;
    }
    return atan2(im, re) / (2 * M_PI) / MODEM_KEYED_LAG;
}

static double fine_of(const struct modem_keyed_trace *t)
{
    double re = 0, im = 0, coarse = coarse_of(t), part = (double)(t->block / PARTS);
    for (size_t i = 0; i < SPAN; i++) {
        re += t->blocks[i].part_re;
        im += t->blocks[i].part_im;
    }
    return coarse + modem_wrapped(atan2(im, re) / (2 * M_PI) - coarse * part) / part;
}

/* The phase of the block that begins there, in its middle, in turns, by that carrier. */
static double phase_of(const float *re, const float *im, size_t n, double turns)
{
    struct turned sum = sum_by(re, im, n, turns);
    return atan2(sum.im, sum.re) / (2 * M_PI) + turns * (double)n / 2;
}

/* n samples, the first one at that phase. */
static void emit(struct modem_keyed_trace *t, const float *re, const float *im, size_t n, double phase, double turns)
{
    struct modem_keyed_sum sum = t->sums[t->n], *to = t->sums + t->n + 1;
    struct turned turn = turned_by(-phase), step = turned_by(-turns);
    for (size_t i = 0; i < n; i++) {
        struct turned x = times((struct turned){re[i], im[i]}, turn);
        sum.re += x.re;
        sum.im += x.im;
        sum.square += x.re * x.re + x.im * x.im;
        to[i] = sum;
        turn = times(turn, step);
    }
    t->n += n;
    t->carrier[t->n_carrier++] = (float)turns;
}

/* The block in the middle of those that are known: from the middle of the one before it to its own. */
static void settle(struct modem_keyed_trace *t)
{
    double turns = fine_of(t);
    double phase = phase_of(t->re + t->block, t->im + t->block, t->block, turns);
    if (!t->begun) {
        t->turns = turns;
        t->phase = phase - turns * (double)t->block;
        t->begun = true;
    }
    double expected = (t->turns + turns) / 2 * (double)t->block, moved = expected + modem_wrapped(phase - t->phase - expected);
    /* raw begins with the block before this one, whose second half and this one's first half are next. */
    size_t half = t->block / 2;
    emit(t, t->re + half, t->im + half, t->block, t->phase + moved / (double)t->block * ((double)half - (double)t->block / 2),
         moved / (double)t->block);
    t->turns = turns;
    t->phase = phase;
}

void modem_keyed_trace_feed(struct modem_keyed_trace *t, const int16_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        t->re[t->n_raw + i] = x[2 * i];
        t->im[t->n_raw + i] = x[2 * i + 1];
    }
    t->n_raw += n;
    size_t at = 0; /* where the block before the one that is settled begins */
    struct modem_keyed_trace part = *t;
    while (part.n_raw - at >= (MODEM_KEYED_AROUND + 2) * t->block + MODEM_KEYED_LAG) {
        size_t last = at + (MODEM_KEYED_AROUND + 1) * t->block;
        memmove(part.blocks, part.blocks + 1, (SPAN - 1) * sizeof *part.blocks);
        lags_of(t->re + last, t->im + last, t->block, &part.blocks[SPAN - 1]);
        parts_of(t->re + last, t->im + last, t->block, coarse_of(&part), &part.blocks[SPAN - 1]);
        part.re = t->re + at;
        part.im = t->im + at;
        settle(&part);
        at += t->block;
    }
    part.re = t->re;
    part.im = t->im;
    *t = part;
    t->n_raw -= at;
    memmove(t->re, t->re + at, t->n_raw * sizeof *t->re);
    memmove(t->im, t->im + at, t->n_raw * sizeof *t->im);
}

void modem_keyed_trace_forget(struct modem_keyed_trace *t, size_t n)
{
    n = n / t->block * t->block; /* so that carriers stay in step */
    struct modem_keyed_sum gone = t->sums[n];
    for (size_t i = n; i <= t->n; i++) {
        struct modem_keyed_sum s = t->sums[i];
        t->sums[i - n] = (struct modem_keyed_sum){s.re - gone.re, s.im - gone.im, s.square - gone.square};
    }
    t->n -= n;
    t->at += n;
    t->n_carrier -= n / t->block;
    memmove(t->carrier, t->carrier + n / t->block, t->n_carrier * sizeof *t->carrier);
}

struct modem_keyed_sum modem_keyed_sum_to(const struct modem_keyed_trace *t, double place)
{
    size_t i = place > 0 ? (size_t)place : 0;
    if (i >= t->n)
        return t->sums[t->n];
    double part = place - (double)i;
    const struct modem_keyed_sum *a = &t->sums[i], *b = a + 1;
    return (struct modem_keyed_sum){a->re + part * (b->re - a->re), a->im + part * (b->im - a->im),
                                    a->square + part * (b->square - a->square)};
}
