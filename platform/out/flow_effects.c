/* SPDX-License-Identifier: Apache-2.0
 *
 * What a step does to the rest: the journey's state, orders to locks, returns of seals, decisions, and observations of the seal for what
 * officers, readers and gates say.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/log.h"
#include "platform/out/dossiers.h"
#include "platform/out/duties.h"
#include "platform/out/facts.h"
#include "platform/out/paper_effects.h"

static const char *value_of(const json_t *values, const char *name)
{
    const char *text = json_string_value(json_object_get(values, name));
    return text ? text : "";
}

/* --- orders to locks --- */

/* Whether the seal's protocol has that command and it needs no argument. */
static bool offers(struct out_request *r, const char *seal, const char *name)
{
    json_t *kinds = platform_commands_of(r->out->platform, seal), *kind;
    size_t i;
    bool found = false;
    json_array_foreach(kinds, i, kind)
    {
        const char *args = json_string_value(json_object_get(kind, "args"));
        found |= strcmp(json_string_value(json_object_get(kind, "name")), name) == 0 && (!args || !args[0] || args[0] == '[');
    }
    json_decref(kinds);
    return found;
}

static bool can_order(struct out_request *r, const struct out_dossier *x, const char *name)
{
    for (size_t i = 0; i < x->j->n_seals; i++)
        if (!offers(r, x->j->seals[i], name)) {
            char got[120];
            snprintf(got, sizeof got, "remote, and %.60s takes no %s by itself", x->j->seals[i], name);
            return out_body_wants(r, false, "way", "reader", got);
        }
    return true;
}

static void order(struct out_request *r, const struct out_dossier *x, const char *name)
{
    for (size_t i = 0; i < x->j->n_seals; i++) {
        struct command c = {.serial = -1};
        char why[MODEL_WHY_SIZE] = "";
        platform_new_id(r->out->platform, c.id);
        snprintf(c.seal, sizeof c.seal, "%s", x->j->seals[i]);
        snprintf(c.journey, sizeof c.journey, "%s", x->j->id);
        snprintf(c.user, sizeof c.user, "%s", r->user.id);
        snprintf(c.name, sizeof c.name, "%s", name);
        snprintf(c.reason, sizeof c.reason, "step of the procedure");
        struct audit audit =
            out_page_audit(r, "command.give", c.seal, json_pack("{s:s, s:s, s:s}", "command", c.id, "name", name, "journey", x->j->id));
        if (platform_command(r->out->platform, &c, &audit, why) != STORE_OK)
            log_say(LOG_WARN, "out", "journey %s: %s could not be ordered to %s: %s", x->j->id, c.seal, name, why);
    }
}

/* --- before --- */

static bool is_seal_of(const struct journey *j, const char *numbers)
{
    char seals[FLOW_VALUE_SIZE] = "", tidy[FLOW_VALUE_SIZE], why[MODEL_WHY_SIZE];
    for (size_t i = 0; i < j->n_seals; i++) {
        size_t n = strlen(seals);
        const char *device = strchr(j->seals[i], ':');
        snprintf(seals + n, sizeof seals - n, "%s%s", n ? "," : "", device ? device + 1 : j->seals[i]);
    }
    return flow_field_tidy(FLOW_SEAL_NUMBER, seals, tidy, why) && flow_field_same(FLOW_SEAL_NUMBER, tidy, numbers);
}

/* Goods of which it was learned after the opening that they must go under an active seal. */
static bool seal_fits(struct out_request *r, const struct out_dossier *x, const char *number)
{
    struct duty duty;
    char expected[MODEL_WHY_SIZE + 32];
    json_decref(out_duty_of_dossier(r, x, &duty));
    snprintf(expected, sizeof expected, "an active seal: %s", duty.why);
    return out_body_wants(r, !duty.active || x->d->class_ == FLOW_ACTIVE, "seal_number", expected, number);
}

static bool can_seal(struct out_request *r, const struct out_dossier *x, const json_t *values)
{
    struct journey *copy = journey_copy(x->j);
    const char *number = value_of(values, "seal_number");
    if (!copy)
        return false;
    copy->state = JOURNEY_SEALED;
    copy->sealed_at_ms = r->now_ms;
    bool ok = seal_fits(r, x, number) &&
              out_body_wants(r, !number[0] || is_seal_of(x->j, number), "seal_number", "a seal of this journey", number) &&
              out_journey_can_be_supervised(r, copy);
    journey_free(copy);
    return ok;
}

bool out_act_can(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v, int at, const json_t *values)
{
    const struct flow_step *step = v->procedure->steps[at];
    bool remote = strcmp(value_of(values, "way"), "remote") == 0;
    if ((step->writes & (FLOW_BIT(LOCKED) | FLOW_BIT(ORDERED))) && !can_seal(r, x, values))
        return false;
    if ((step->writes & FLOW_BIT(ORDERED)) && remote && !can_order(r, x, "lock"))
        return false;
    if ((step->writes & FLOW_BIT(UNSEALED)) && remote && !can_order(r, x, "unlock"))
        return false;
    return !(step->writes & FLOW_BIT(KEPT)) || out_body_wants(r, json_array_size(json_object_get(r->json, "files")) > 0, "files",
                                                              "the files that the reader wrote to the seal", "none");
}

/* --- the journey's record --- */

void out_journey_follows(struct out_request *r, struct out_dossier *x)
{
    enum journey_state due = flow_journey_state(x->d, &x->facts);
    if (due <= x->j->state || x->j->state == JOURNEY_CANCELLED)
        return;
    enum journey_state from = x->j->state;
    bool beyond = from == JOURNEY_DRAFT && due > JOURNEY_SEALED;
    if (beyond) /* by way of being sealed */
        out_journey_enter(x->j, JOURNEY_SEALED,
                          x->facts.sealed_ms != BULLA_TIME_NONE && x->facts.sealed_ms > 0 ? x->facts.sealed_ms : r->now_ms);
    if (!journey_may(x->j->state, due) && due == JOURNEY_RELEASED)
        out_journey_enter(x->j, JOURNEY_ARRIVED, r->now_ms);
    out_journey_enter(x->j, due, r->now_ms);
    struct audit audit = out_page_audit(
        r, "journey.state", x->j->id,
        json_pack("{s:[s, s], s:s}", "state", journey_state_text(from), journey_state_text(due), "reason", "follows from the dossier"));
    if (store_journey_put(out_store(r), x->j, &audit) == STORE_OK)
        platform_journey_changed(r->out->platform, x->j->id);
    else
        log_say(LOG_WARN, "out", "journey %s could not be brought to %s: %s", x->j->id, journey_state_text(due), store_error(out_store(r)));
    x->facts.state = x->j->state;
}

/* --- observations --- */

static void set_place(struct out_request *r, struct bulla_observation *o, const char *id)
{
    struct station s;
    if (!id[0] || store_station_get(out_store(r), id, &s) != STORE_OK || !isfinite(s.lat) || !isfinite(s.lon))
        return;
    o->has |= BULLA_HAS_FIX | BULLA_HAS_ACCURACY;
    o->fix_valid = true;
    o->lat_e7 = (int32_t)lround(s.lat * 1e7);
    o->lon_e7 = (int32_t)lround(s.lon * 1e7);
    o->accuracy_m = isfinite(s.radius_m) && s.radius_m > 0 ? (int32_t)lround(s.radius_m) : 500;
}

struct said {
    uint64_t events;
    enum bulla_seal_state state;
    const char *about, *text, *station;
};

/* Says it of one seal, and waits until it is stored. The raw bytes are what was said, in words. */
static void tell(struct out_request *r, const struct out_dossier *x, const char *seal, const struct said *said)
{
    struct bulla_observation o;
    char protocol[BULLA_PROTOCOL_SIZE], raw[300], why[MODEL_WHY_SIZE] = "";
    const char *device = strchr(seal, ':');
    if (!device || (size_t)(device - seal) >= sizeof protocol || strlen(device + 1) >= sizeof o.device)
        return;
    snprintf(protocol, sizeof protocol, "%.*s", (int)(device - seal), seal);
    bulla_observation_init(&o, protocol);
    snprintf(o.device, sizeof o.device, "%s", device + 1);
    o.has |= BULLA_HAS_TIME | BULLA_HAS_NOTE;
    o.time_ms = r->now_ms;
    o.events = said->events;
    o.state.seal = (uint8_t)said->state;
    set_place(r, &o, said->station);
    snprintf(o.note.by, sizeof o.note.by, "%.*s", (int)sizeof o.note.by - 1, r->user.id);
    snprintf(o.note.about, sizeof o.note.about, "%.*s", (int)sizeof o.note.about - 1, said->about);
    snprintf(o.note.text, sizeof o.note.text, "%.*s", (int)sizeof o.note.text - 1, said->text);
    int n = snprintf(raw, sizeof raw, "%s %s: %s", o.note.by, o.note.about, o.note.text);
    struct platform_said one = {&o, {(const uint8_t *)raw, n < (int)sizeof raw ? (size_t)n : sizeof raw - 1}};
    if (platform_observe(r->out->platform, &one, 1, why) != STORE_OK)
        log_say(LOG_WARN, "out", "journey %s: what was said of %s is not stored: %s", x->j->id, seal, why);
}

static void tell_all(struct out_request *r, const struct out_dossier *x, const struct said *said)
{
    for (size_t i = 0; i < x->j->n_seals; i++)
        tell(r, x, x->j->seals[i], said);
}

/* What a reading of the seal found. Of a seal that speaks for itself its own word counts, and this is a note. */
static void tell_reading(struct out_request *r, const struct out_dossier *x, const struct flow_act *act)
{
    static const struct {
        const char *word;
        uint64_t events;
        enum bulla_seal_state state;
    } words[] = {{"whole", BULLA_EVENT_BIT(BULLA_EVENT_READ), BULLA_SEAL_SEALED},
                 {"open", BULLA_EVENT_BIT(BULLA_EVENT_READ) | BULLA_EVENT_BIT(BULLA_EVENT_DAMAGE_SEEN), BULLA_SEAL_OPEN},
                 {"broken", BULLA_EVENT_BIT(BULLA_EVENT_READ) | BULLA_EVENT_BIT(BULLA_EVENT_DAMAGE_SEEN), BULLA_SEAL_NONE},
                 {"missing", BULLA_EVENT_BIT(BULLA_EVENT_SEAL_MISSING), BULLA_SEAL_NONE}};
    const char *state = value_of(act->values, "seal_state"), *station = x->d->visits[act->visit - 1].station;
    char text[BULLA_NOTE_TEXT_SIZE];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, state) != 0)
            continue;
        snprintf(text, sizeof text, "the seal is %s, by %s", state, flow_source_text(act->source));
        struct said said = {words[i].events, x->d->class_ == FLOW_PASSIVE ? words[i].state : BULLA_SEAL_NONE, station, text, station};
        tell_all(r, x, &said);
    }
}

/* Whether this source said something else before that differed: then that it agrees again is worth a word. */
static bool differed_before(const struct flow_dossier *d, enum flow_field field, enum flow_source source)
{
    const struct flow_statement *declared = flow_declared(d, field);
    size_t n = 0;
    bool differed = false;
    for (size_t i = d->n_statements; declared && i-- > 0;)
        if (d->statements[i].field == field && d->statements[i].source == source && n++ == 1)
            differed = !flow_field_same(field, declared->value, d->statements[i].value);
    return differed;
}

void out_statement_told(struct out_request *r, struct out_dossier *x, enum flow_field field, const char *value, enum flow_source source,
                        const char *station)
{
    const struct flow_statement *declared = flow_declared(x->d, field);
    char text[BULLA_NOTE_TEXT_SIZE];
    bool same = declared && flow_field_same(field, declared->value, value);
    if (!declared || !x->j->n_seals || source == declared->source || (same && !differed_before(x->d, field, source)))
        return;
    snprintf(text, sizeof text, "%s: %s says %.36s, declared is %.36s", flow_fields[field].name, flow_source_text(source), value,
             declared->value);
    struct said said = {BULLA_EVENT_BIT(same ? BULLA_EVENT_READ : BULLA_EVENT_DATA_DIFFERS), BULLA_SEAL_NONE, flow_fields[field].name, text,
                        station};
    tell(r, x, x->j->seals[0], &said);
}

static void tell_values(struct out_request *r, struct out_dossier *x, const struct flow_act *act)
{
    const char *name;
    json_t *value;
    json_object_foreach(act->values, name, value)
    {
        enum flow_field field = flow_field_from(name);
        if (field < FLOW_FIELDS && flow_field_is_compared(field))
            out_statement_told(r, x, field, json_string_value(value), act->source, x->d->visits[act->visit - 1].station);
    }
}

static void tell_arrival(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v)
{
    struct said said = {BULLA_EVENT_BIT(BULLA_EVENT_VEHICLE_SEEN), BULLA_SEAL_NONE, v->station, "arrived at the station", v->station};
    tell_all(r, x, &said);
}

/* --- returns of seals --- */

static void recover(struct out_request *r, const struct out_dossier *x, const char *seal, const char *fate, const char *station)
{
    char why[MODEL_WHY_SIZE] = "";
    struct paper *p = calloc(1, sizeof *p);
    bool destroyed = strcmp(fate, "destroyed") == 0, further = strcmp(fate, "charging") == 0 || strcmp(fate, "in-return") == 0;
    json_t *sent =
        json_pack("{s:s, s:s, s:s, s:s}", "seal", seal, "journey", x->j->id, "station", station, "destroyed", destroyed ? "yes" : "no");
    bool ok = p && form_read(form_of(PAPER_RETURN), sent, p, why);
    if (ok) {
        p->state = destroyed ? PAPER_DESTROYED : p->state;
        platform_new_id(r->out->platform, p->id);
        memcpy(p->author, r->user.id, sizeof p->author);
        p->created_ms = p->changed_ms = r->now_ms;
        p->version = 0;
        struct audit audit = out_page_audit(r, "return.create", p->id, json_incref(sent));
        ok = store_paper_put(out_store(r), p, &audit) == STORE_OK;
    }
    if (ok)
        paper_began(r, p);
    if (ok && further) {
        json_t *step = json_pack("{s:s}", "station", station);
        enum paper_state to = (enum paper_state)paper_state_from(fate), from = p->state;
        struct audit audit = out_page_audit(r, "return.state", p->id, json_pack("{s:s}", "state", fate));
        ok = form_step(p, to, step, r->user.id, r->now_ms, why) && store_paper_put(out_store(r), p, &audit) == STORE_OK;
        if (ok)
            paper_stepped(r, p, from);
        json_decref(step);
    }
    if (!ok)
        log_say(LOG_WARN, "out", "journey %s: the return of %s could not be written: %s", x->j->id, seal,
                why[0] ? why : store_error(out_store(r)));
    json_decref(sent);
    free(p);
}

/* --- alarms --- */

struct ids {
    char list[64][ALARM_ID_SIZE];
    size_t n;
};

static void take_open(void *context, const void *record)
{
    struct ids *ids = context;
    const struct alarm *a = record;
    if (a->grade >= 2 && alarm_may(a->state, ALARM_STATE_DISPATCHED) && ids->n < 64)
        memcpy(ids->list[ids->n++], a->id, ALARM_ID_SIZE);
}

/* The open alarms of the journey go to who was sent, or to the destination. */
static void dispatch(struct out_request *r, const struct out_dossier *x, const char *way)
{
    struct store_query q = {.limit = 1000, .state = "open"};
    struct ids ids = {.n = 0};
    char next[120];
    snprintf(q.journey, sizeof q.journey, "%s", x->j->id);
    (void)store_alarms(out_store(r), &q, take_open, &ids, next);
    for (size_t i = 0; i < ids.n; i++) {
        struct alarm a;
        if (store_alarm_get(out_store(r), ids.list[i], &a) != STORE_OK || !alarm_may(a.state, ALARM_STATE_DISPATCHED))
            continue;
        struct audit audit = out_page_audit(r, "alarm.dispatch", a.id, json_pack("{s:s, s:s}", "way", way, "journey", x->j->id));
        a.state = ALARM_STATE_DISPATCHED;
        a.changed_ms = r->now_ms;
        snprintf(a.handler, sizeof a.handler, "%s", r->user.id);
        snprintf(a.patrol, sizeof a.patrol, "%s", strcmp(way, "patrol") == 0 ? "patrol" : "destination");
        if (store_alarm_put(out_store(r), &a, &audit) == STORE_OK)
            platform_alarm_changed(r->out->platform, a.id);
    }
}

/* --- after --- */

/* Between two stations of one's own country the centre follows an active seal: that visit begins with the departure. */
static void open_supervision(struct out_request *r, struct out_dossier *x)
{
    const struct flow_procedure *p = flow_procedure_find(x->d->scope, x->d->class_, x->d->mode, FLOW_EN_ROUTE);
    if (p && flow_step_is_automatic(p->steps[0]) && x->d->n_visits == 1)
        (void)out_dossier_append(r, x, ENTRY_VISIT, json_pack("{s:s, s:s}", "stage", "en-route", "station", ""), "dossier.visit");
}

void out_act_done(struct out_request *r, struct out_dossier *x, const struct flow_act *done)
{
    const struct flow_act act = *done; /* the list may move */
    const struct flow_step *step = flow_act_step(x->d, &act);
    const struct flow_visit *v = &x->d->visits[act.visit - 1];
    uint64_t writes = act.outcome == FLOW_DONE || act.outcome == FLOW_FOUND_CLEAN ? step->writes : 0;
    const char *way = value_of(act.values, "way");
    bool remote = strcmp(way, "remote") == 0;
    if (act.outcome == FLOW_REFUSED || act.outcome == FLOW_SKIPPED)
        return;
    if ((writes & FLOW_BIT(ORDERED)) && remote)
        order(r, x, "lock");
    if (writes & FLOW_BIT(READ))
        tell_reading(r, x, &act);
    if (writes & FLOW_BIT(ARRIVED))
        tell_arrival(r, x, v);
    if (step->done_by & FLOW_BIT(DISPATCHED))
        dispatch(r, x, way);
    tell_values(r, x, &act);
    if (strcmp(step->id, "decide") == 0)
        json_decref(out_decision_take(r, x->j, act.outcome == FLOW_FOUND_SUSPECT ? "inspect" : "release", act.reason));
    out_journey_follows(r, x);
    if ((writes & FLOW_BIT(UNSEALED)) && remote)
        order(r, x, "unlock");
    for (size_t i = 0; (writes & FLOW_BIT(RECOVERED)) && i < x->j->n_seals; i++)
        recover(r, x, x->j->seals[i], value_of(act.values, "fate"), v->station);
    if (writes & FLOW_BIT(DEPARTED))
        open_supervision(r, x);
}

void out_visit_opened(struct out_request *r, struct out_dossier *x, const struct flow_visit *v)
{
    tell_arrival(r, x, v);
    out_journey_follows(r, x);
}
