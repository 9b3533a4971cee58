/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/tank.h"

#include <math.h>
#include <string.h>

#define PART_S    300
#define GAP_S     900  /* of a longer gap only so much was heard */
#define SETTLED_S 450  /* of waves that were seen for less than that nothing is known */
#define LEAST     3    /* values */
#define BASE      15.0 /* degrees C */
#define SURE      4.5  /* standard deviations of the difference: six parts are tried */
#define NEAR      4.5  /* medians of the deviation from the median: what is further away is no wave but a fault, */
#define NEAR_OF   0.06 /* unless it is within so much of the level */

static int32_t median(const int32_t *from, uint32_t n)
{
    int32_t v[TANK_VALUES];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = i;
        for (; k > 0 && v[k - 1] > from[i]; k--)
            v[k] = v[k - 1];
        v[k] = from[i];
    }
    return n % 2 ? v[n / 2] : (int32_t)(((int64_t)v[n / 2 - 1] + v[n / 2]) / 2);
}

/* The level of the values, and how sure it is. */
static struct tank_part settle(const struct tank *t)
{
    int32_t v[TANK_VALUES];
    for (uint32_t i = 0; i < t->n; i++)
        v[i] = t->value[i].litres;
    int32_t middle = median(v, t->n);
    for (uint32_t i = 0; i < t->n; i++)
        v[i] = v[i] > middle ? v[i] - middle : middle - v[i];
    double near = fmax(NEAR * median(v, t->n), NEAR_OF * middle), sum = 0, squares = 0, n = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        if (v[i] > near)
            continue;
        double off = (double)t->value[i].litres - middle;
        sum += off;
        squares += off * off;
        n++;
    }
    double mean = sum / n, variance = fmax(squares / n - mean * mean, 0);
    return (struct tank_part){.heard_s = t->heard_s,
                              .at_s = t->value[t->n - 1].at_s,
                              .litres = middle + (int32_t)lround(mean),
                              .spread = (float)(sqrt(variance / n) * (1 + 6 / n))}; /* few values know little of their own spread */
}

void tank_forget(struct tank *t)
{
    t->n = t->n_parts = 0;
}

void tank_warm(struct tank *t, int32_t milli)
{
    if (!t->has_temperature)
        tank_forget(t); /* what was said before is not comparable */
    t->has_temperature = true;
    t->temperature = milli;
}

static int32_t at_base(const struct tank *t, int32_t milli)
{
    if (!t->has_temperature)
        return milli;
    return (int32_t)lround(milli * (1 - TANK_EXPANSION * (t->temperature / 1000.0 - BASE)));
}

static void take(struct tank *t, uint32_t at_s, int32_t litres)
{
    if (t->n) {
        uint32_t gap_s = at_s - t->value[t->n - 1].at_s;
        t->heard_s += gap_s < GAP_S ? gap_s : GAP_S;
        if (gap_s > TANK_WAVE_S && t->n > LEAST) /* it is heard more often than that: these are of other waves */
            t->n = 0;
    }
    uint32_t gone = t->n == TANK_VALUES;
    while (t->n - gone >= LEAST && at_s - t->value[gone].at_s > TANK_WAVE_S)
        gone++;
    t->n = (uint8_t)(t->n - gone);
    memmove(t->value, t->value + gone, t->n * sizeof *t->value);
    t->value[t->n++] = (struct tank_value){at_s, litres};
}

static void keep(struct tank *t, const struct tank_part *now)
{
    uint32_t gone = 0;
    if (t->n_parts && now->heard_s - t->part[t->n_parts - 1].heard_s < PART_S)
        return;
    while (gone < t->n_parts && (t->n_parts - gone == TANK_PARTS || now->heard_s - t->part[gone].heard_s > TANK_WITHIN_S))
        gone++;
    t->n_parts = (uint8_t)(t->n_parts - gone);
    memmove(t->part, t->part + gone, t->n_parts * sizeof *t->part);
    t->part[t->n_parts++] = *now;
}

/* By how much of a fall from `then` is more than can be explained; not positive: it can. */
static double unexplained(const struct tank_part *then, const struct tank_part *now, bool driving, double percent)
{
    double rougher = fmax((double)then->spread, (double)now->spread); /* a few values look smooth by chance, seldom twice */
    double waves = SURE * rougher * sqrt(2);
    double small = then->litres * percent / 100;
    double burnt = driving ? TANK_BURNS_L * (now->at_s - then->at_s) / 3.6 : 0;
    return (double)then->litres - now->litres - burnt - fmax(waves, small);
}

static int64_t onset_of(const struct tank *t, int32_t before, int32_t now)
{
    uint32_t i = 0;
    while (i + 1U < t->n && t->value[i].litres > ((int64_t)before + now) / 2)
        i++;
    return t->value[i].at_s * INT64_C(1000);
}

bool tank_step(struct tank *t, int64_t at_ms, int32_t milli, bool driving, double percent, struct tank_fall *fall)
{
    take(t, (uint32_t)(at_ms / 1000), at_base(t, milli));
    if (t->n < LEAST || (t->n < TANK_VALUES && t->value[t->n - 1].at_s - t->value[0].at_s < SETTLED_S))
        return false;
    struct tank_part now = settle(t);
    const struct tank_part *worst = NULL;
    double most = 0;
    for (uint32_t i = 0; i < t->n_parts; i++) {
        double here = unexplained(&t->part[i], &now, driving, percent);
        if (here <= most || now.heard_s - t->part[i].heard_s > TANK_WITHIN_S)
            continue;
        most = here;
        worst = &t->part[i];
    }
    if (worst)
        *fall = (struct tank_fall){onset_of(t, worst->litres, now.litres), worst->at_s * INT64_C(1000), worst->litres, now.litres};
    bool fell = worst != NULL;
    keep(t, &now);
    return fell;
}
