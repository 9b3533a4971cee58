/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/risk.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define POLICY               "risk"
#define NEW_CARRIER_JOURNEYS 5  /* fewer: nothing is known of it yet */
#define ROUTE_JOURNEYS       20 /* fewer say nothing about a route */

struct sum {
    struct risk *risk;
    const json_t *weights;
};

static double weight(const struct sum *s, const char *member)
{
    return policy_number(POLICY, s->weights, member);
}

__attribute__((format(printf, 4, 5))) static void add(struct sum *s, const char *name, double points, const char *format, ...)
{
    struct risk *r = s->risk;
    int whole = (int)lround(points);
    if (whole <= 0 || r->n_parts == RISK_PARTS_MAX)
        return;
    struct risk_part *part = &r->parts[r->n_parts++];
    va_list args;
    va_start(args, format);
    part->name = name;
    part->points = whole;
    vsnprintf(part->why, sizeof part->why, format, args);
    va_end(args);
    r->score += whole;
}

static const char *many(unsigned n)
{
    return n == 1 ? "" : "s";
}

static void add_people(struct sum *s, const struct risk_input *in)
{
    double most = weight(s, "violations_most"), points = in->carrier_violations * weight(s, "violation");
    add(s, "violations", points < most ? points : most, "%u violation%s of the carrier in %u journey%s of a year", in->carrier_violations,
        many(in->carrier_violations), in->carrier_journeys, many(in->carrier_journeys));
    add(s, "vehicle", in->vehicle_violations * weight(s, "vehicle_violation"), "%u violation%s with this vehicle", in->vehicle_violations,
        many(in->vehicle_violations));
    if (in->registration_kept && !in->carrier_registered)
        add(s, "unregistered", weight(s, "unregistered"), "the carrier is not registered");
    if (in->carrier_known && in->carrier_journeys < NEW_CARRIER_JOURNEYS)
        add(s, "new-carrier", weight(s, "new_carrier"), "only %u journey%s of this carrier are known", in->carrier_journeys,
            many(in->carrier_journeys));
}

static void add_goods(struct sum *s, const struct risk_input *in)
{
    for (size_t i = 0; i < in->n_hs; i++)
        if (policy_lists(s->weights, "watched_hs", in->hs[i])) {
            add(s, "goods", weight(s, "watched_goods"), "goods %s are watched", in->hs[i]);
            break;
        }
    if (in->dangerous)
        add(s, "dangerous-goods", weight(s, "dangerous_goods"), "dangerous goods");
    if (in->cross_border)
        add(s, "cross-border", weight(s, "cross_border"), "more than one administration");
    if (in->route_journeys >= ROUTE_JOURNEYS)
        add(s, "route", weight(s, "route") * fmin(1, 10.0 * in->route_violations / in->route_journeys),
            "%u of %u journeys on this route had a violation", in->route_violations, in->route_journeys);
}

static void add_journey(struct sum *s, const struct risk_input *in)
{
    static const char *const members[] = {NULL, "alarm_inform", "alarm_check", "alarm_intervene"};
    static const char *const names[] = {NULL, "inform", "check", "intervene"};
    for (unsigned g = 3; g > 0; g--)
        add(s, members[g], in->alarms[g] * weight(s, members[g]), "%u alarm%s of grade %s in this journey", in->alarms[g],
            many(in->alarms[g]), names[g]);
    add(s, "differences", in->differences * weight(s, "difference"), "%u field%s differ from the declaration", in->differences,
        many(in->differences));
    add(s, "skipped", in->skipped * weight(s, "skipped_step"), "%u step%s of the procedure skipped", in->skipped, many(in->skipped));
}

void risk_assess(const struct risk_input *in, const json_t *weights, struct risk *out)
{
    *out = (struct risk){.score = 0};
    struct sum s = {out, weights};
    add_people(&s, in);
    add_goods(&s, in);
    add_journey(&s, in);
    out->score = out->score > 100 ? 100 : out->score;
    out->level = out->score >= weight(&s, "high_from") ? RISK_HIGH : out->score >= weight(&s, "medium_from") ? RISK_MEDIUM : RISK_LOW;
}

const char *risk_level_text(enum risk_level level)
{
    static const char *const texts[] = {"low", "medium", "high"};
    return (unsigned)level <= RISK_HIGH ? texts[level] : "high";
}

void risk_backtest(const struct risk_past *past, size_t n, struct risk_backtest *out)
{
    *out = (struct risk_backtest){.n = n};
    double with[101] = {0}, without[101] = {0}, pairs = 0, below = 0;
    for (size_t i = 0; i < n; i++) {
        int score = past[i].score < 0 ? 0 : past[i].score > 100 ? 100 : past[i].score;
        unsigned tenth = score == 100 ? 9 : (unsigned)score / 10;
        (past[i].found ? with : without)[score]++;
        out->found += past[i].found;
        out->count[tenth]++;
        out->hits[tenth] += past[i].found;
    }
    for (int score = 0; score <= 100; score++) { /* the share of pairs in which the journey with something scored higher */
        pairs += with[score] * (below + without[score] / 2);
        below += without[score];
    }
    out->auc = out->found && out->found < n ? pairs / ((double)out->found * (double)(n - out->found)) : NAN;
}
