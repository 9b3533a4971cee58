/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/facts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/memo.h"

#define YEAR_MS   (INT64_C(365) * 86400000)
#define LOOK_MOST 1000 /* journeys or alarms of a year that are looked at */

/* --- alarms --- */

struct alarm_count {
    const char *journey; /* leave this one out; NULL: none */
    unsigned open[4], found_true[4];
    unsigned violations; /* of grade 2 and 3, found true */
    bool violated;       /* the seal */
    bool gap;
};

/* Kinds that say that the seal itself is not whole. */
static bool is_violation_of_seal(enum alarm_kind kind)
{
    static const enum alarm_kind kinds[] = {ALARM_ILLEGAL_OPENING, ALARM_CABLE_CUT,       ALARM_BODY_DESTROYED,  ALARM_COVER_OPENED,
                                            ALARM_SEAL_MISSING,    ALARM_CLONE_SUSPECTED, ALARM_PAIRING_MISMATCH};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i] == kind)
            return true;
    return false;
}

static void count_alarm(void *context, const void *record)
{
    struct alarm_count *c = context;
    const struct alarm *a = record;
    bool is_open = a->state < ALARM_STATE_RESOLVED, is_true = a->state == ALARM_STATE_RESOLVED && a->finding == ALARM_FINDING_TRUE;
    int grade = a->grade < 1 ? 1 : a->grade > 3 ? 3 : a->grade;
    if (c->journey && strcmp(a->journey, c->journey) == 0)
        return;
    c->open[grade] += is_open;
    c->found_true[grade] += is_true;
    c->violations += is_true && grade >= 2;
    c->violated |= (is_open || is_true) && is_violation_of_seal(a->kind);
    c->gap |= (is_open || is_true) && (a->kind == ALARM_SIGNAL_LOST || a->kind == ALARM_UNSUPERVISED_GAP);
}

static bool count_of_journey(struct out_request *r, const char *journey, struct alarm_count *c)
{
    struct store_query q = {.limit = LOOK_MOST};
    char next[120];
    snprintf(q.journey, sizeof q.journey, "%s", journey);
    return out_store_ok(r, store_alarms(out_store(r), &q, count_alarm, c, next), "alarm");
}

/* --- the past --- */

struct past { /* journeys of a year of one carrier or vehicle, or between two places */
    const struct journey *now;
    unsigned carrier, route;
    char (*ids)[MODEL_ID_SIZE]; /* of those on the same route */
    char (*vehicles)[MODEL_ID_SIZE];
    size_t n_ids, n_vehicles;
};

static bool same_place(const struct place *a, const struct place *b)
{
    return a->station[0] ? strcmp(a->station, b->station) == 0 : a->name[0] && strcmp(a->name, b->name) == 0;
}

static void note_journey(void *context, const void *record)
{
    struct past *p = context;
    const struct journey *j = record, *now = p->now;
    if (strcmp(j->id, now->id) == 0)
        return;
    p->carrier++;
    if (now->vehicle[0] && strcmp(j->vehicle, now->vehicle) == 0 && p->n_vehicles < LOOK_MOST)
        memcpy(p->vehicles[p->n_vehicles++], j->id, MODEL_ID_SIZE);
    if (now->has_origin && now->has_destination && j->has_origin && j->has_destination && same_place(&now->origin, &j->origin) &&
        same_place(&now->destination, &j->destination) && p->n_ids < LOOK_MOST)
        memcpy(p->ids[p->n_ids++], j->id, MODEL_ID_SIZE);
}

/* How many of these journeys had a violation. */
static bool violations_of(struct out_request *r, char (*ids)[MODEL_ID_SIZE], size_t n, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        struct alarm_count c = {0};
        if (!count_of_journey(r, ids[i], &c))
            return false;
        *out += c.violations > 0;
    }
    return true;
}

/* What it depends on: the journey, which is left out itself, and what is looked for. */
static void name_past(const struct journey *j, char *key, size_t size)
{
    snprintf(key, size, "%s|%s|%s|%s%s|%s%s", j->id, j->carrier, j->vehicle, j->origin.station, j->origin.name, j->destination.station,
             j->destination.name);
}

static void take_past(const struct memo_past *past, const struct journey *j, struct risk_input *out)
{
    out->carrier_known = j->carrier[0] != '\0';
    out->carrier_journeys = past->carrier_journeys;
    out->carrier_violations = past->carrier_violations;
    out->vehicle_violations = past->vehicle_violations;
    out->route_journeys = past->route_journeys;
    out->route_violations = past->route_violations;
}

static bool look_back(struct out_request *r, const struct journey *j, struct memo_past *out)
{
    struct store_query journeys = {.limit = LOOK_MOST, .from_ms = r->now_ms - YEAR_MS, .until_ms = r->now_ms}, alarms = journeys;
    struct past past = {.now = j, .ids = calloc(LOOK_MOST, MODEL_ID_SIZE), .vehicles = calloc(LOOK_MOST, MODEL_ID_SIZE)};
    struct alarm_count count = {.journey = j->id};
    char next[120];
    bool ok = past.ids && past.vehicles;
    snprintf(journeys.carrier, sizeof journeys.carrier, "%s", j->carrier);
    snprintf(alarms.carrier, sizeof alarms.carrier, "%s", j->carrier);
    if (ok && j->carrier[0])
        ok = out_store_ok(r, store_journeys(out_store(r), &journeys, note_journey, &past, next), "journey") &&
             out_store_ok(r, store_alarms(out_store(r), &alarms, count_alarm, &count, next), "alarm");
    ok = ok && violations_of(r, past.vehicles, past.n_vehicles, &out->vehicle_violations) &&
         violations_of(r, past.ids, past.n_ids, &out->route_violations);
    out->carrier_journeys = past.carrier;
    out->carrier_violations = count.violations;
    out->route_journeys = (unsigned)past.n_ids;
    free(past.ids);
    free(past.vehicles);
    return ok;
}

static bool read_past(struct out_request *r, const struct journey *j, struct risk_input *out)
{
    char key[MEMO_KEY_SIZE];
    struct memo_past past = {0};
    name_past(j, key, sizeof key);
    if (!memo_past(r->out->memo, key, out_machine_ms(r), &past)) {
        if (!look_back(r, j, &past))
            return false;
        memo_past_keep(r->out->memo, key, out_machine_ms(r), &past);
    }
    take_past(&past, j, out);
    return true;
}

/* --- goods and registration --- */

/* Codes among the words of the cargo: six to ten digits are a heading of the HS, "UN" and four digits dangerous goods. */
static void read_goods(const char *cargo, struct risk_input *out)
{
    for (const char *at = cargo; *at && out->n_hs < RISK_GOODS_MAX;) {
        bool un = strncasecmp(at, "UN", 2) == 0 && (at == cargo || !isalnum((unsigned char)at[-1]));
        const char *digits = un ? at + 2 + strspn(at + 2, " ") : at;
        size_t n = strspn(digits, "0123456789");
        if ((un && n == 4) || (!un && n >= 4 && n <= 10)) {
            snprintf(out->hs[out->n_hs++], sizeof out->hs[0], "%.*s", (int)n, digits);
            out->dangerous |= un;
        }
        at = n ? digits + n : at + 1;
    }
}

static void note_registration(void *context, const void *record)
{
    (void)record;
    *(bool *)context = true;
}

static bool read_registration(struct out_request *r, const struct journey *j, struct risk_input *out)
{
    struct store_query q = {.limit = 1, .kind = "registration", .state = "active"};
    char next[120];
    if (!out_store_ok(r, store_papers(out_store(r), &q, note_registration, &out->registration_kept, next), "registration"))
        return false;
    snprintf(q.carrier, sizeof q.carrier, "%s", j->carrier);
    return !j->carrier[0] ||
           out_store_ok(r, store_papers(out_store(r), &q, note_registration, &out->carrier_registered, next), "registration");
}

bool out_facts_risk(struct out_request *r, const struct journey *j, struct risk_input *out)
{
    struct alarm_count now = {0};
    *out = (struct risk_input){.cross_border = j->regime == JOURNEY_REGIME_CROSS_BORDER || j->regime == JOURNEY_REGIME_TRANSIT};
    if (!count_of_journey(r, j->id, &now) || !read_past(r, j, out) || !read_registration(r, j, out))
        return false;
    for (unsigned g = 1; g <= 3; g++)
        out->alarms[g] = now.open[g] + now.found_true[g];
    read_goods(j->cargo, out);
    return out_flow_add_risk(r, j, out);
}

/* --- the decision's inputs --- */

struct locks {
    unsigned sealed, open, unknown;
    bool tampered, supervised;
};

static struct locks look_at_seals(struct out_request *r, const struct journey *j)
{
    struct locks l = {0};
    for (size_t i = 0; i < j->n_seals; i++) {
        struct live_seal live;
        if (!platform_live_get(r->out->platform, j->seals[i], &live) || live.knowledge == 0) {
            l.unknown++;
            continue;
        }
        l.tampered |= live.tampered;
        l.supervised = true;
        l.sealed += live.seal_state == BULLA_SEAL_SEALED;
        l.open += live.seal_state == BULLA_SEAL_OPEN || live.seal_state == BULLA_SEAL_UNLOCKED_CLOSED;
        l.unknown += live.seal_state == BULLA_SEAL_NONE || live.seal_state == BULLA_SEAL_UNKNOWN;
    }
    return l;
}

static enum seal_class class_of(struct out_request *r, const struct journey *j)
{
    struct seal s;
    return j->n_seals && store_seal_get(out_store(r), j->seals[0], &s) == STORE_OK ? s.class_ : SEAL_CLASS_ACTIVE;
}

bool out_facts_decide(struct out_request *r, const struct journey *j, const struct risk *risk, struct decide_input *out)
{
    struct alarm_count count = {0};
    struct locks locks = look_at_seals(r, j);
    *out = (struct decide_input){
        .risk_known = risk != NULL, .alarms_known = true, .seal_class = class_of(r, j), .mode = j->mode, .regime = j->regime};
    if (!count_of_journey(r, j->id, &count))
        return false;
    bool passive = out->seal_class <= SEAL_CLASS_SEMI_ACTIVE;
    if (risk)
        out->risk = *risk;
    memcpy(out->open, count.open, sizeof out->open);
    out->found_true = count.found_true[2] + count.found_true[3];
    out->integrity = count.violated || locks.tampered   ? DECIDE_INTEGRITY_VIOLATED
                     : j->n_seals && locks.unknown == 0 ? DECIDE_INTEGRITY_WHOLE
                                                        : DECIDE_INTEGRITY_UNKNOWN;
    out->lock = j->unsealed_at_ms != BULLA_TIME_NONE ? DECIDE_LOCK_UNSEALED
                : locks.open                         ? DECIDE_LOCK_OPEN
                : j->n_seals && locks.unknown == 0   ? DECIDE_LOCK_SEALED
                                                     : DECIDE_LOCK_UNKNOWN;
    out->supervision = count.gap          ? DECIDE_SUPERVISION_GAPS
                       : passive          ? DECIDE_SUPERVISION_READINGS
                       : locks.supervised ? DECIDE_SUPERVISION_COMPLETE
                                          : DECIDE_SUPERVISION_UNKNOWN;
    return out_flow_add_decide(r, j, out);
}

json_t *out_risk_json(const struct risk *risk, int64_t policy)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < risk->n_parts; i++)
        json_array_append_new(
            parts, json_pack("{s:s, s:i, s:s}", "name", risk->parts[i].name, "points", risk->parts[i].points, "why", risk->parts[i].why));
    return json_pack("{s:i, s:s, s:o, s:I}", "score", risk->score, "level", risk_level_text(risk->level), "parts", parts, "policy_version",
                     (json_int_t)policy);
}
