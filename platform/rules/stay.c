/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/stay.h"

#include <math.h>
#include <string.h>

#include "platform/rules/ellipsoid.h"

#define STAND_M     150.0F
#define STRAY_M     500.0F
#define FRAME_MAX_M 20000.0 /* a span's frame is good to a millimetre over its few hundred metres */

static float median(const struct stay *stay, bool north)
{
    float value[STAY_SAMPLES];
    uint32_t n = stay->n;
    for (uint32_t i = 0; i < n; i++) {
        float v = north ? stay->sample[i].y : stay->sample[i].x;
        uint32_t k = i;
        for (; k > 0 && value[k - 1] > v; k--)
            value[k] = value[k - 1];
        value[k] = v;
    }
    return n % 2 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2;
}

static void settle(struct stay *stay)
{
    stay->x = median(stay, false);
    stay->y = median(stay, true);
}

static float away(const struct stay *stay, const struct stay_sample *s)
{
    float x = s->x - stay->x, y = s->y - stay->y;
    return sqrtf(x * x + y * y);
}

static bool all_within(const struct stay *stay)
{
    for (uint32_t i = 0; i < stay->n; i++)
        if (away(stay, &stay->sample[i]) > STAND_M + stay->sample[i].accuracy_m)
            return false;
    return true;
}

static void thin(struct stay *stay)
{
    uint32_t kept = 1;
    for (uint32_t i = 2; i < stay->n; i += 2)
        stay->sample[kept++] = stay->sample[i];
    stay->n = kept;
}

/* Adds the sample and takes the oldest away until the rest is one place: the span is the longest that ends now. */
static void extend(struct stay *stay, const struct stay_sample *s)
{
    if (stay->n == STAY_SAMPLES)
        thin(stay);
    stay->sample[stay->n++] = *s;
    stay->n_fixes++;
    settle(stay);
    while (stay->n > 1 && !all_within(stay)) {
        memmove(stay->sample, stay->sample + 1, (stay->n - 1) * sizeof *stay->sample);
        stay->n_fixes = --stay->n;
        settle(stay);
    }
}

static struct stay_sample place_in_frame(struct stay *stay, const struct fix *fix)
{
    double y = (fix->lat - stay->lat) * stay->lat_m, x = ellipsoid_turn(fix->lon - stay->lon) * stay->lon_m;
    if (stay->n == 0 || fabs(x) > FRAME_MAX_M || fabs(y) > FRAME_MAX_M) {
        struct ellipsoid_scale scale = ellipsoid_scale_at(fix->lat);
        *stay = (struct stay){.lat = fix->lat, .lon = fix->lon, .lat_m = scale.lat_m, .lon_m = scale.lon_m};
        x = y = 0;
    }
    struct stay_sample s = {.at_ms = fix->at_ms, .x = (float)x, .y = (float)y, .accuracy_m = (float)fix->accuracy_m};
    memcpy(s.id, fix->id, sizeof s.id);
    return s;
}

static void end_span(struct stay *stay)
{
    stay->n = stay->n_fixes = 0;
}

void stay_step(struct stay *stay, const struct fix *fix)
{
    if (stay->n && fix->at_ms < stay_until(stay))
        return; /* believed late: its time has been told without it */
    struct stay_sample s = place_in_frame(stay, fix);
    bool coarse = s.accuracy_m > STAND_M;
    double err_m = fix->cell && fix->accuracy_m < POSITION_CELL_M ? POSITION_CELL_M : fix->accuracy_m;
    bool inside = stay->n == 0 || (double)away(stay, &s) <= (double)STAND_M + err_m;
    if (coarse) {
        if (!inside && stay->n)
            end_span(stay);
        return;
    }
    if (inside || stay->n < 3) {
        stay->straying = false;
        extend(stay, &s);
        return;
    }
    if (!stay->straying && away(stay, &s) <= STRAY_M + s.accuracy_m) {
        stay->straying = true;
        stay->stray = s;
        return;
    }
    struct stay_sample stray = stay->stray;
    bool two = stay->straying;
    end_span(stay);
    stay->straying = false;
    if (two)
        extend(stay, &stray);
    extend(stay, &s);
}

int64_t stay_since(const struct stay *stay)
{
    return stay->n ? stay->sample[0].at_ms : BULLA_TIME_NONE;
}

int64_t stay_until(const struct stay *stay)
{
    return stay->n ? stay->sample[stay->n - 1].at_ms : BULLA_TIME_NONE;
}

bool stay_holds(const struct stay *stay, int64_t at_ms, int64_t least_ms, int64_t fresh_ms)
{
    return stay->n > 1 && !stay->straying && stay_until(stay) - stay_since(stay) >= least_ms && at_ms - stay_until(stay) <= fresh_ms;
}

void stay_place(const struct stay *stay, double *lat, double *lon, double *accuracy_m)
{
    float best = stay->n ? stay->sample[0].accuracy_m : 0;
    for (uint32_t i = 1; i < stay->n; i++)
        best = stay->sample[i].accuracy_m < best ? stay->sample[i].accuracy_m : best;
    *lat = stay->lat + (double)stay->y / stay->lat_m;
    *lon = stay->lon + (double)stay->x / stay->lon_m;
    *accuracy_m = (double)best;
}
