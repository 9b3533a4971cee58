/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/paper_effects.h"

#include <string.h>

#include "platform/base/log.h"

#define MINUTE_MS         INT64_C(60000)
#define EMERGENCY_MINUTES 30

/* --- what is named must exist --- */

static bool journey_named(struct out_request *r, struct paper *p)
{
    struct journey *j = NULL;
    if (!p->journey[0])
        return true;
    bool seen = store_journey_get(out_store(r), p->journey, &j) == STORE_OK && out_access_sees_carrier(r, j->carrier);
    if (seen && p->kind != PAPER_TASK && !p->carrier[0])
        memcpy(p->carrier, j->carrier, sizeof p->carrier);
    journey_free(j);
    return out_body_wants(r, seen, "journey", "the id of a journey", p->journey);
}

static bool station_named(struct out_request *r, const struct paper *p)
{
    struct station s;
    return out_body_wants(r, !p->station[0] || store_station_get(out_store(r), p->station, &s) == STORE_OK, "station",
                          "the id of a station", p->station);
}

static bool holder_named(struct out_request *r, const struct paper *p)
{
    struct user u;
    return out_body_wants(r, !p->holder[0] || (store_user_get(out_store(r), p->holder, &u) == STORE_OK && !u.disabled), "assignee",
                          "the id of a user", p->holder);
}

static bool party_named(struct out_request *r, const struct paper *p)
{
    struct party party;
    return out_body_wants(r, store_party_get(out_store(r), p->carrier, &party) == STORE_OK, "party", "the id of a party", p->carrier);
}

static bool seal_named(struct out_request *r, const struct paper *p)
{
    struct seal s;
    return out_body_wants(r, store_seal_get(out_store(r), p->subject, &s) == STORE_OK, "seal", "a registered seal", p->subject);
}

/* A task may come of an alarm: it is then about that alarm's journey, and shows its kind and grade. */
static bool alarm_named(struct out_request *r, struct paper *p)
{
    struct alarm a;
    if (!p->subject[0])
        return out_body_wants(r, p->journey[0], "journey", "the id of a journey, or an alarm", "neither");
    if (!out_body_wants(r, store_alarm_get(out_store(r), p->subject, &a) == STORE_OK, "alarm", "the id of an alarm", p->subject))
        return false;
    memcpy(p->journey, a.journey, sizeof p->journey);
    return form_note(p, "grade", json_integer(a.grade)) && form_note(p, "alarm_kind", json_string(alarm_kind_text(a.kind)));
}

bool paper_begins(struct out_request *r, struct paper *p)
{
    switch (p->kind) {
    case PAPER_TASK:
        return alarm_named(r, p) && journey_named(r, p) && station_named(r, p) && holder_named(r, p);
    case PAPER_REGISTRATION:
        return party_named(r, p);
    case PAPER_RETURN:
    case PAPER_EMERGENCY:
        return seal_named(r, p) && journey_named(r, p) && station_named(r, p);
    default:
        return journey_named(r, p) && station_named(r, p);
    }
}

/* --- effects --- */

static void notice_to(struct out_request *r, const struct paper *p, const char *carrier, const char *text)
{
    platform_publish(r->out->platform, LIVE_NOTICE, carrier,
                     json_pack("{s:s, s:s, s:s}", "text", text, "about", paper_kind_text(p->kind), "id", p->id));
}

static void notice(struct out_request *r, const struct paper *p, const char *text)
{
    notice_to(r, p, "", text);
}

/* Who goes, in words: the unit that was named, else the user that the task is given to. */
static void name_patrol(struct out_request *r, const struct paper *p, char *to, size_t size)
{
    struct user holder;
    json_t *form = form_json(p);
    const char *unit = json_string_value(json_object_get(form, "patrol"));
    if (unit && unit[0])
        snprintf(to, size, "%s", unit);
    else if (p->holder[0] && store_user_get(out_store(r), p->holder, &holder) == STORE_OK)
        snprintf(to, size, "%.*s", (int)size - 1, holder.full_name[0] && strlen(holder.full_name) < size ? holder.full_name : holder.name);
    else
        snprintf(to, size, "task");
    json_decref(form);
}

static void dispatch_alarm(struct out_request *r, const struct paper *p)
{
    struct alarm a;
    if (!p->subject[0] || store_alarm_get(out_store(r), p->subject, &a) != STORE_OK || !alarm_may(a.state, ALARM_STATE_DISPATCHED))
        return;
    struct audit audit = out_page_audit(r, "alarm.dispatch", a.id, json_pack("{s:s, s:s}", "task", p->id, "journey", a.journey));
    a.state = ALARM_STATE_DISPATCHED;
    a.changed_ms = r->now_ms;
    snprintf(a.handler, sizeof a.handler, "%s", r->user.id);
    name_patrol(r, p, a.patrol, sizeof a.patrol);
    if (store_alarm_put(out_store(r), &a, &audit) == STORE_OK)
        platform_alarm_changed(r->out->platform, a.id);
    else
        log_say(LOG_WARN, "out", "alarm %s could not be dispatched with task %s: %s", a.id, p->id, store_error(out_store(r)));
}

/* What a seal's life is when its return is in that state. */
static const struct {
    enum paper_state state;
    enum seal_life life;
} lives[] = {
    {PAPER_RECOVERED, SEAL_LIFE_UNSEALED}, {PAPER_CHARGING, SEAL_LIFE_CHARGING},   {PAPER_IN_RETURN, SEAL_LIFE_IN_RETURN},
    {PAPER_RETURNED, SEAL_LIFE_IN_STOCK},  {PAPER_DESTROYED, SEAL_LIFE_DESTROYED}, {PAPER_LOST, SEAL_LIFE_LOST},
};

static void move_seal(struct out_request *r, const struct paper *p)
{
    struct seal s;
    if (store_seal_get(out_store(r), p->subject, &s) != STORE_OK)
        return;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        if (lives[i].state == p->state)
            s.life = lives[i].life;
    snprintf(s.station, sizeof s.station, "%s", p->state == PAPER_IN_RETURN ? "" : p->station);
    struct audit audit = out_page_audit(r, "seal.change", s.id, json_pack("{s:s, s:s}", "return", p->id, "life", seal_life_text(s.life)));
    if (store_seal_put(out_store(r), &s, &audit) == STORE_OK)
        platform_seal_changed(r->out->platform, s.id);
    else
        log_say(LOG_WARN, "out", "seal %s could not be moved with return %s: %s", s.id, p->id, store_error(out_store(r)));
}

/* Two people have agreed: the opening is permitted for a while, and everybody on watch hears of it at once (WCO 13.5). */
static void permit_opening(struct out_request *r, const struct paper *p)
{
    struct permission permission = {.from_ms = r->now_ms, .unseals = false};
    json_t *form = form_json(p);
    const json_t *minutes = json_object_get(form, "minutes");
    permission.until_ms = r->now_ms + (json_is_number(minutes) ? json_integer_value(minutes) : EMERGENCY_MINUTES) * MINUTE_MS;
    json_decref(form);
    memcpy(permission.id, p->id, sizeof permission.id);
    memcpy(permission.seal, p->subject, sizeof permission.seal);
    struct audit audit = out_page_audit(r, "emergency.permit", p->journey, json_pack("{s:s, s:s}", "seal", p->subject, "emergency", p->id));
    if (store_permission_add(out_store(r), p->journey, &permission, &audit) == STORE_OK)
        platform_journey_changed(r->out->platform, p->journey);
    else
        log_say(LOG_ERROR, "out", "emergency opening %s could not be permitted: %s", p->id, store_error(out_store(r)));
}

void paper_began(struct out_request *r, const struct paper *p)
{
    switch (p->kind) {
    case PAPER_TASK:
        dispatch_alarm(r, p);
        notice(r, p, "a new task");
        return;
    case PAPER_RETURN:
        move_seal(r, p);
        notice(r, p, "a seal comes back");
        return;
    case PAPER_EMERGENCY:
        notice_to(r, p, p->carrier, "an emergency opening is asked for");
        return;
    default:
        notice(r, p, "a new paper");
    }
}

bool paper_steps(struct out_request *r, struct paper *p, enum paper_state from)
{
    (void)from;
    bool approval = p->kind == PAPER_EMERGENCY && p->state == PAPER_APPROVED;
    if (approval && strcmp(p->author, r->user.id) == 0) {
        out_problem(r, 409, "second-person", "An emergency opening takes two people",
                    "approved by: expected somebody else than who asked for it");
        return false;
    }
    return true;
}

void paper_stepped(struct out_request *r, const struct paper *p, enum paper_state from)
{
    (void)from;
    if (p->kind == PAPER_RETURN)
        move_seal(r, p);
    if (p->kind == PAPER_EMERGENCY && p->state == PAPER_APPROVED)
        permit_opening(r, p);
    if (p->kind == PAPER_EMERGENCY) /* the carrier waits for the answer */
        notice_to(r, p, p->carrier, p->state == PAPER_APPROVED ? "an emergency opening is permitted" : "an emergency opening goes on");
    else
        notice(r, p, p->kind == PAPER_TASK ? "a task goes on" : "a paper goes on");
}
