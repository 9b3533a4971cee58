/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/progress.h"

#include <math.h>

#define BACK_M      2000.0 /* it may have turned back so far */
#define NOISE_M     100.0
#define LOST_FIXES  2   /* then it is looked for on the whole route */
#define DRIVES_MS   1.4 /* metres a second: slower is standing */
#define RECENT_S    3600.0
#define LEAST_S     300.0 /* of driving, before a speed is known */
#define LEAST_M     3000.0
#define STOPS_MOST  1.0    /* standing is at most so many times the driving, */
#define UNSTOPPED_S 3600.0 /* which is taken to be so much longer: one stop is no habit */

static void pass(struct progress_pass *p, int64_t at_ms, int64_t after_ms, int64_t before_ms)
{
    if (p->at_ms == 0)
        *p = (struct progress_pass){at_ms, after_ms, before_ms};
}

/* Points whose place it is surely inside of. */
static void pass_places(const struct progress *s, const struct plan *plan, const struct fix *f, struct progress_pass *passes)
{
    const struct journey *j = plan->journey;
    for (size_t i = 0; passes && i < j->n_points; i++)
        if (passes[i].at_ms == 0 && geometry_place_side(&j->points[i].place, f->lat, f->lon, f->accuracy_m) == SURELY_INSIDE)
            pass(&passes[i], f->at_ms, s->fix_ms ? s->fix_ms : f->at_ms, f->at_ms);
}

/* Points that lie between where it was and where it is. */
static void pass_between(const struct progress *s, const struct plan *plan, double to_m, int64_t to_ms, struct progress_pass *passes)
{
    for (size_t i = 0; passes && i < plan->journey->n_points; i++) {
        double at_m = plan->point_along[i];
        if (at_m < 0 || at_m <= s->along_m || at_m > to_m)
            continue;
        double share = (at_m - s->along_m) / (to_m - s->along_m);
        pass(&passes[i], s->at_ms + llround(share * (double)(to_ms - s->at_ms) / 1000) * 1000, s->at_ms, to_ms);
    }
}

/* Ahead of where it was, unless behind is clearly nearer: where a route doubles itself, both are as near. */
static double find_near(const struct progress *s, const struct plan *plan, const struct fix *f, double *off_m)
{
    double ahead_m = plan->speed_max_ms * (double)(f->at_ms - s->at_ms) / 1000 + f->accuracy_m, behind_off_m;
    double ahead = geometry_line_along(plan->line, f->lat, f->lon, fmax(s->along_m - NOISE_M, 0), s->along_m + ahead_m, off_m);
    if (*off_m <= f->accuracy_m)
        return ahead;
    double behind = geometry_line_along(plan->line, f->lat, f->lon, fmax(s->along_m - BACK_M, 0), s->along_m, &behind_off_m);
    if (behind_off_m + NOISE_M >= *off_m)
        return ahead;
    *off_m = behind_off_m;
    return behind;
}

static bool find(const struct progress *s, const struct plan *plan, const struct fix *f, double *along_m)
{
    double off_m;
    if (s->known && s->lost < LOST_FIXES)
        *along_m = find_near(s, plan, f, &off_m);
    else
        *along_m = geometry_line_along(plan->line, f->lat, f->lon, 0, plan->length_m, &off_m);
    return off_m <= f->accuracy_m + plan->corridor_m;
}

static void drive(struct progress *s, double metres, double seconds)
{
    if (seconds <= 0)
        return;
    if (metres < DRIVES_MS * seconds) {
        s->standing_s += seconds;
        return;
    }
    double kept = 1 / (1 + seconds / RECENT_S);
    s->drove_m = s->drove_m * kept + metres;
    s->drove_s = s->drove_s * kept + seconds;
    s->driving_s += seconds;
}

static void follow(struct progress *s, const struct plan *plan, const struct fix *f, struct progress_pass *passes)
{
    double along_m;
    if (!find(s, plan, f, &along_m)) {
        s->lost++;
        return;
    }
    if (s->known && s->lost < LOST_FIXES) {
        if (along_m > s->along_m)
            pass_between(s, plan, along_m, f->at_ms, passes);
        if (s->departed)
            drive(s, along_m - s->along_m, (double)(f->at_ms - s->at_ms) / 1000);
    }
    s->known = true;
    s->lost = 0;
    s->along_m = along_m;
    s->at_ms = f->at_ms;
}

void progress_step(struct progress *s, const struct plan *plan, const struct fix *f, struct progress_pass *passes)
{
    if (f->at_ms < s->fix_ms)
        return; /* believed late */
    pass_places(s, plan, f, passes);
    if (plan->line)
        follow(s, plan, f, passes);
    if (plan->has_origin && f->origin == SURELY_INSIDE && !s->arrived)
        s->departed = false;
    else if (plan->has_origin && f->origin == SURELY_OUTSIDE && !s->departed) {
        s->departed = true;
        s->departed_ms = f->at_ms;
    }
    if (plan->has_destination && f->destination == SURELY_INSIDE && !s->arrived) {
        s->arrived = true;
        s->arrived_ms = f->at_ms;
    }
    s->fix_ms = f->at_ms;
}

int64_t progress_eta(const struct progress *s, double along_m, double spare)
{
    if (!s->known || s->lost >= LOST_FIXES || s->drove_s < LEAST_S || s->drove_m < LEAST_M)
        return BULLA_TIME_NONE;
    double left_m = fmax(along_m - s->along_m, 0), stops = fmin(s->standing_s / (s->driving_s + UNSTOPPED_S), STOPS_MOST);
    double seconds = left_m / (s->drove_m / s->drove_s) * (1 + stops);
    return s->at_ms + llround(seconds * (1 - spare)) * 1000; /* a fraction of a second would promise too much */
}

int64_t progress_expected(const struct progress *s, const struct plan *plan, size_t point)
{
    double along_m = plan->point_along[point];
    return along_m < 0 || along_m < s->along_m ? BULLA_TIME_NONE : progress_eta(s, along_m, 0);
}
