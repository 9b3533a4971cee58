/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/lock.h"

#include <string.h>

#define GRANT_MS   INT64_C(120000)   /* ALARMS: a permission within 2 min before the opening */
#define CLAIMED_MS INT64_C(2700000)  /* how long a claimed opening waits for a fix: longer than any device rests */
#define OUTSIDE    2                 /* fixes that give it up before, */
#define WALLS_M    400.0             /* so far outside that no reflection did it: they stay as long as the vehicle stands */
#define SILENT_MS  INT64_C(600000)   /* one without an attempt, for the attempt */
#define MISSING_MS INT64_C(14400000) /* and one with messages missing before it, for them */

#define BIT(name)       BULLA_EVENT_BIT(BULLA_EVENT_##name)
#define OPENING_EVENTS  (BIT(UNLOCKED) | BIT(OPENED_WHILE_SEALED) | BIT(SHACKLE_OPENED_WHILE_SEALED))
#define BREAKING_EVENTS (BIT(OPENED_WHILE_SEALED) | BIT(SHACKLE_OPENED_WHILE_SEALED))
#define CLOSING_EVENTS  (BIT(LOCKED) | BIT(AUTO_LOCKED) | BIT(RELOCKED_NOT_PULLED))

void lock_init(struct lock *lock)
{
    memset(lock, 0, sizeof *lock);
    lock->counter = -1;
    lock->opened_ms = lock->ended_ms = lock->grant_ms = lock->accepted_ms = lock->hope_ms = BULLA_TIME_NONE;
}

static bool surely_outside(const struct place *place, const struct lock_where *where)
{
    return where->known && geometry_place_side(place, where->lat, where->lon, where->accuracy_m) == SURELY_OUTSIDE;
}

static bool at_destination(const struct plan *plan, const struct lock_where *where)
{
    if (!plan->has_destination)
        return false;
    return where->destination == SURELY_INSIDE || (where->known && !surely_outside(&plan->destination, where));
}

bool lock_may_open_here(const struct plan *plan, const struct lock_where *where)
{
    const struct journey *j = plan->journey;
    if (!plan->has_origin && !plan->has_destination && j->n_stops == 0)
        return true;
    if (plan->has_origin && !surely_outside(&plan->origin, where))
        return true;
    if (plan->has_destination && !surely_outside(&plan->destination, where))
        return true;
    for (size_t i = 0; i < j->n_stops; i++)
        if (!surely_outside(&j->stops[i], where))
            return true;
    for (size_t i = 0; i < j->n_zones; i++)
        if (j->zones[i].duty == ZONE_STOP && !surely_outside(&j->zones[i].place, where))
            return true;
    return false;
}

static bool listed(const struct journey *j, const char *credential)
{
    for (size_t i = 0; i < j->n_credentials; i++)
        if (credential[0] && strcmp(j->credentials[i], credential) == 0)
            return true;
    return false;
}

/* Whether an attempt that the lock accepted is allowed by the journey. Without a list of credentials the lock's own word
 * counts where opening is what one expects: at the destination, and at the origin before departure. */
static bool credential_holds(const struct plan *plan, const char *credential, const struct lock_where *where)
{
    if (plan->journey->n_credentials == 0)
        return where->destination == SURELY_INSIDE || where->origin == SURELY_INSIDE;
    return listed(plan->journey, credential) && lock_may_open_here(plan, where);
}

/* where: NULL, wherever it is. */
static bool permission_fits(const struct permission *p, const struct lock *lock, const char *seal, int64_t at_ms,
                            const struct lock_where *where)
{
    if (p->from_ms > at_ms || p->until_ms < at_ms - GRANT_MS || (p->seal[0] && strcmp(p->seal, seal) != 0))
        return false;
    if (p->has_place && where && surely_outside(&p->place, where))
        return false;
    bool said = lock->accepted_ms != BULLA_TIME_NONE && at_ms - lock->accepted_ms <= GRANT_MS && lock->credential[0];
    return !p->credential[0] || (said && strcmp(p->credential, lock->credential) == 0);
}

static const struct permission *find_permission(const struct plan *plan, const struct lock *lock, size_t seal, int64_t at_ms,
                                                const struct lock_where *where)
{
    const struct journey *j = plan->journey;
    const struct permission *found = NULL;
    for (size_t i = 0; i < j->n_permissions && j->permissions[i].from_ms <= at_ms; i++)
        if (permission_fits(&j->permissions[i], lock, j->seals[seal], at_ms, where) && (!found || j->permissions[i].unseals))
            found = &j->permissions[i];
    return found;
}

static void note_attempt(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_where *where)
{
    lock->accepted_ms = e->at_ms;
    memcpy(lock->credential, e->credential, sizeof lock->credential);
    if (credential_holds(plan, e->credential, where)) {
        lock->granted = true;
        lock->grant_ms = e->at_ms;
    }
}

static bool says_cut(const struct entry *e)
{
    return e->shackle == BULLA_SHACKLE_CUT || entry_is(e, BULLA_EVENT_ROPE_CUT);
}

/* The lock itself opened, whatever became of the rope. */
static bool says_lock_opened(const struct entry *e)
{
    return (e->events & OPENING_EVENTS) || e->motor == BULLA_MOTOR_UNLOCKED || entry_accepted(e);
}

/* NULL: the entry does not say that the seal is open. */
static const char *opening_word(const struct entry *e)
{
    if (entry_is(e, BULLA_EVENT_OPENED_WHILE_SEALED))
        return "opened while sealed";
    if (entry_is(e, BULLA_EVENT_SHACKLE_OPENED_WHILE_SEALED))
        return "shackle opened while sealed";
    if (entry_is(e, BULLA_EVENT_UNLOCKED))
        return "unlocked";
    if (e->state == BULLA_SEAL_OPEN)
        return "open";
    if (e->state == BULLA_SEAL_UNLOCKED_CLOSED)
        return "unlocked, not yet pulled";
    return entry_accepted(e) && e->state != BULLA_SEAL_SEALED ? "unlocked by an accepted attempt" : NULL;
}

/* Who has a leave for this opening, if only the place is right. */
static uint8_t claims(const struct lock *lock, const struct plan *plan, const struct entry *e)
{
    bool accepted = lock->accepted_ms != BULLA_TIME_NONE && e->at_ms - lock->accepted_ms <= GRANT_MS;
    uint8_t claimed = 0;
    if (accepted && plan->journey->n_credentials == 0)
        claimed |= CLAIMED_BY_LOCK;
    if (accepted && listed(plan->journey, lock->credential))
        claimed |= CLAIMED_BY_CARD;
    if (find_permission(plan, lock, e->seal, entry_leave_ms(e), NULL))
        claimed |= CLAIMED_BY_COMMAND;
    return claimed;
}

/* Whether such a leave may hold there: a card's where the journey's cards may open, the lock's own word at the ends of the way, a
 * command's at its place. */
static bool may_hold(const struct lock *lock, const struct plan *plan, size_t seal, int64_t at_ms, const struct lock_where *where)
{
    bool by_lock = lock->claimed & CLAIMED_BY_LOCK, by_card = lock->claimed & CLAIMED_BY_CARD;
    if (by_lock && ((plan->has_origin && !surely_outside(&plan->origin, where)) || at_destination(plan, where)))
        return true;
    if (by_card && lock_may_open_here(plan, where))
        return true;
    return (lock->claimed & CLAIMED_BY_COMMAND) && find_permission(plan, lock, seal, at_ms, where);
}

static bool clearly_outside(const struct lock *lock, const struct plan *plan, size_t seal, int64_t at_ms, const struct lock_where *where)
{
    struct lock_where wide = *where;
    wide.accuracy_m += WALLS_M;
    return !may_hold(lock, plan, seal, at_ms, &wide);
}

static void hope(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_place *place, struct lock_news *news)
{
    lock->hope_ms = BULLA_TIME_NONE;
    if (news->authorised || (e->events & BREAKING_EVENTS))
        return;
    lock->claimed = claims(lock, plan, e);
    int64_t leave_ms = entry_leave_ms(e);
    bool now = !clearly_outside(lock, plan, e->seal, leave_ms, place->now), before = may_hold(lock, plan, e->seal, leave_ms, place->before);
    bool near = now || !clearly_outside(lock, plan, e->seal, leave_ms, place->before);
    near |= place->previous->known && !clearly_outside(lock, plan, e->seal, leave_ms, place->previous);
    near |= place->lost && !clearly_outside(lock, plan, e->seal, leave_ms, place->reach);
    near |= place->said->known && !clearly_outside(lock, plan, e->seal, leave_ms, place->said);
    lock->outside = place->fix && !now;
    bool attempted = lock->accepted_ms != BULLA_TIME_NONE && e->at_ms - lock->accepted_ms <= GRANT_MS;
    /* After a fix that shows it elsewhere, where it may have gone before counts no more. */
    bool was_there = place->fix ? place->before->destination == SURELY_INSIDE : at_destination(plan, place->before);
    bool missing = lock->counter >= 0 && (e->flags & ENTRY_COUNTER) && e->counter > lock->counter + 1;
    lock->stood = before && (place->stood || place->before->destination == SURELY_INSIDE);
    lock->stood_at_destination = lock->stood && at_destination(plan, place->before);
    if (near)
        lock->hope_ms = e->at_ms + CLAIMED_MS;
    else if (!attempted && !entry_is(e, BULLA_EVENT_UNLOCKED) &&
             (at_destination(plan, place->now) || was_there || (missing && at_destination(plan, place->reach))))
        lock->hope_ms = (e->at_ms > e->received_ms ? e->at_ms : e->received_ms) + (missing ? MISSING_MS : SILENT_MS);
    news->stood = lock->stood;
    news->hoped = lock->hope_ms != BULLA_TIME_NONE;
    news->hope_ms = lock->hope_ms;
}

static void end_at(struct lock *lock, bool ends, int64_t at_ms)
{
    if (!ends)
        return;
    lock->ended = true;
    lock->ended_ms = at_ms;
}

static void permit(struct lock *lock, bool ends, int64_t at_ms, struct lock_news *news)
{
    news->excused = lock->authorised = true;
    lock->hope_ms = BULLA_TIME_NONE;
    end_at(lock, ends, at_ms);
}

/* A later message of a seal whose opening waits: its fix decides what the place was. Without one, where it had stood. */
static void decide(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_place *place,
                   struct lock_news *news)
{
    if (lock->hope_ms == BULLA_TIME_NONE || e->at_ms == lock->opened_ms)
        return;
    const struct permission *permission = find_permission(plan, lock, e->seal, lock->opened_ms, place->now);
    bool explained = !lock->claimed && news->authorised && e->said_ms != BULLA_TIME_NONE && e->said_ms < lock->opened_ms;
    bool over = e->at_ms >= lock->hope_ms, shown = !over && place->fix && lock->claimed;
    bool unseals = permission && permission->unseals;
    if (explained) { /* the attempt that had been missing */
        permit(lock, (permission && permission->unseals) || at_destination(plan, place->now), e->at_ms, news);
    } else if (shown && (permission || credential_holds(plan, lock->credential, place->now))) {
        permit(lock, unseals || at_destination(plan, place->now), e->at_ms, news);
    } else if (over && lock->stood) {
        permit(lock, lock->stood_at_destination, e->at_ms, news);
    } else if (over || (shown && clearly_outside(lock, plan, e->seal, lock->opened_ms, place->now) && ++lock->outside >= OUTSIDE)) {
        news->given_up = true;
        lock->hope_ms = BULLA_TIME_NONE;
    }
}

static void open_lock(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_place *place,
                      const struct permission *permission, struct lock_news *news)
{
    bool was_open = lock->state == LOCK_OPEN, here = (permission && permission->unseals) || at_destination(plan, place->now);
    if (was_open && !(lock->authorised && !news->authorised && (e->events & BREAKING_EVENTS))) {
        bool unlocked = entry_accepted(e) || entry_is(e, BULLA_EVENT_UNLOCKED);
        end_at(lock, news->authorised && unlocked && here, e->at_ms); /* by leave in the end, whoever opened it on the way */
        return;
    }
    news->by_cut = !says_lock_opened(e) && (says_cut(e) || lock->state == LOCK_CUT);
    if (news->by_cut) {
        lock->state = LOCK_CUT;
        return;
    }
    lock->state = LOCK_OPEN;
    lock->opened_ms = e->at_ms;
    lock->authorised = news->authorised;
    news->opened = true;
    hope(lock, plan, e, place, news);
    end_at(lock, news->authorised && here, e->at_ms);
}

static void excuse(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_place *place,
                   const struct permission *permission, struct lock_news *news)
{
    bool same = lock->state == LOCK_OPEN && !lock->authorised && lock->opened_ms == e->at_ms;
    bool cut = same && says_cut(e) && !says_lock_opened(e) && e->motor == BULLA_MOTOR_LOCKED;
    if (!same || !(news->authorised || cut))
        return;
    news->excused = true;
    lock->state = LOCK_UNKNOWN;
    if (cut && !news->authorised) {
        lock->state = LOCK_CUT;
        return;
    }
    open_lock(lock, plan, e, place, permission, news);
}

static struct entry_sublock *sublock_of(struct lock *lock, uint16_t key)
{
    for (size_t i = 0; i < lock->n_sublocks; i++)
        if (lock->sublocks[i].key == key)
            return &lock->sublocks[i];
    if (lock->n_sublocks == BULLA_SUBLOCKS_MAX)
        return NULL;
    lock->sublocks[lock->n_sublocks] = (struct entry_sublock){.key = key};
    return &lock->sublocks[lock->n_sublocks++];
}

static bool any_sublock_open(const struct lock *lock)
{
    for (size_t i = 0; i < lock->n_sublocks; i++)
        if (lock->sublocks[i].open)
            return true;
    return false;
}

static void step_sublocks(struct lock *lock, const struct entry *e, struct lock_news *news)
{
    bool was_open = any_sublock_open(lock);
    for (size_t i = 0; i < e->n_sublocks; i++) {
        const struct entry_sublock *said = &e->sublocks[i];
        struct entry_sublock *known = sublock_of(lock, said->key);
        if (!known || !(said->open || said->sealed))
            continue;
        if (said->open && !known->open && !news->opened) {
            news->opened = true;
            news->word = "open at one of its sub-locks";
        }
        known->open = said->open;
    }
    news->resealed |= was_open && !any_sublock_open(lock) && lock->state != LOCK_OPEN;
}

void lock_step(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_place *place, struct lock_news *news)
{
    const struct lock_where *where = place->now;
    *news = (struct lock_news){0};
    if (entry_accepted(e))
        note_attempt(lock, plan, e, where);
    const struct permission *permission = find_permission(plan, lock, e->seal, entry_leave_ms(e), where);
    news->authorised = permission || (lock->granted && e->at_ms - lock->grant_ms <= GRANT_MS);
    excuse(lock, plan, e, place, permission, news);
    decide(lock, plan, e, place, news);
    news->word = opening_word(e);
    bool closed = (e->events & CLOSING_EVENTS) && !(e->state == BULLA_SEAL_OPEN);
    if (news->word && !news->excused && !(closed && e->state == BULLA_SEAL_SEALED))
        open_lock(lock, plan, e, place, permission, news);
    else if (says_cut(e) && lock->state != LOCK_OPEN)
        lock->state = LOCK_CUT;
    bool says_sealed = e->state == BULLA_SEAL_SEALED && !news->word && !says_cut(e);
    if (closed || says_sealed) {
        news->resealed = lock->state == LOCK_OPEN && !any_sublock_open(lock);
        if (lock->state != LOCK_CUT || closed)
            lock->state = LOCK_SEALED;
    }
    if (e->n_sublocks)
        step_sublocks(lock, e, news);
    news->open_by_leave = lock->state == LOCK_OPEN && lock->authorised;
    lock->counter = e->flags & ENTRY_COUNTER ? e->counter : -1;
}
