/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/fold.h"

#include <string.h>

#include "platform/rules/clock.h"

#define ALIGN(n)    (((n) + 7u) & ~(size_t)7u)
#define DRIFT_MS    25.0 /* metres a second by which a moving vehicle's last place becomes uncertain */
#define STANDING_MS (2 * PLAN_MINUTE_MS)
#define DOUBT_MS    (60 * PLAN_MINUTE_MS)
#define FRESH_MS    (60 * PLAN_MINUTE_MS)
#define LOST_MS     (15 * PLAN_MINUTE_MS) /* without a fix for so long it may have gone on, also from where it stood */
#define CELL_M      2000.0 /* how far a cell of unknown size may reach, where waiting is all that hangs on it */
#define LORRY_M     300.0
#define LEFT_MS     (15 * PLAN_MINUTE_MS) /* where it stood until then it may stand still, one fix or two being wrong */

/* What was put on or taken off another means of transport need not move with the rest. */
#define PARTING (BULLA_EVENT_BIT(BULLA_EVENT_TRANSHIPPED) | BULLA_EVENT_BIT(BULLA_EVENT_DISCHARGED))

/* The vehicle. Behind it the states of its rules; then for each seal a fold_seal and the states of the seal's rules. */
struct fold {
    int64_t due_ms;
    int64_t seen_ms; /* of `where` */
    bool standing;   /* at that time */
    struct lock_where where;
    uint16_t gone;           /* seals whose supervision has ended, a bit each */
    uint16_t parted;         /* seals of which it was said that they go on by other means */
    uint16_t apart;          /* seals that were surely elsewhere than every other, when last heard */
    int64_t located_ms;      /* the newest fix of a seal; BULLA_TIME_NONE: none */
    struct lock_where stood; /* the last place where it stood, and when it was last seen there */
    int64_t stood_ms;
    struct stay stay;
};

struct fold_seal {
    struct clock clock;
    int64_t doubted_ms; /* its last message whose time is in doubt; 0: none */
    struct position position;
    struct lock lock;
    struct lock_where own; /* its own last place; the vehicle's holds unless the two are surely apart */
    int64_t own_ms;
    struct lock_where unplaced; /* of a clock that lags: its last fix, which tells of its next message, and when that was heard */
    int64_t unplaced_ms;
};

static size_t seal_size(const struct plan *plan)
{
    return ALIGN(sizeof(struct fold_seal)) + plan->seal_size;
}

size_t fold_size(const struct plan *plan)
{
    return ALIGN(sizeof(struct fold)) + plan->vehicle_size + plan->journey->n_seals * seal_size(plan) +
           plan->n_means * ALIGN(sizeof(struct position));
}

static uint8_t *vehicle_rules(const struct fold *fold)
{
    return (uint8_t *)(uintptr_t)fold + ALIGN(sizeof(struct fold));
}

static struct fold_seal *seal_at(const struct fold *fold, const struct plan *plan, size_t seal)
{
    return (struct fold_seal *)(void *)(vehicle_rules(fold) + plan->vehicle_size + seal * seal_size(plan));
}

static uint8_t *seal_rules(const struct fold *fold, const struct plan *plan, size_t seal)
{
    return (uint8_t *)seal_at(fold, plan, seal) + ALIGN(sizeof(struct fold_seal));
}

/* Of the plan's means, behind the seals. */
static struct position *means_at(const struct fold *fold, const struct plan *plan, size_t i)
{
    return (struct position *)(void *)((uint8_t *)seal_at(fold, plan, plan->journey->n_seals) + i * ALIGN(sizeof(struct position)));
}

bool fold_ended(const struct fold *fold, const struct plan *plan, size_t seal)
{
    return seal_at(fold, plan, seal)->lock.ended;
}

static bool supervised(const struct fold *fold, const struct plan *plan)
{
    for (size_t i = 0; i < plan->journey->n_seals; i++)
        if (!seal_at(fold, plan, i)->lock.ended)
            return true;
    return false;
}

/* --- timers --- */

struct timer {
    const struct rule *rule;
    void *state;
    size_t seal;
    int64_t due_ms;
};

static void earliest(const struct plan *plan, enum rule_scope scope, size_t seal, uint8_t *state, struct timer *best)
{
    for (size_t i = 0; i < rules_count; i++) {
        if (rules[i]->scope != scope || plan->rule_size[i] == 0)
            continue;
        int64_t due_ms = rules[i]->due ? rules[i]->due(state, plan) : RULE_NO_TIMER;
        if (due_ms < best->due_ms)
            *best = (struct timer){rules[i], state, seal, due_ms};
        state += plan->rule_size[i];
    }
}

static struct timer next_timer(const struct fold *fold, const struct plan *plan)
{
    struct timer best = {.due_ms = RULE_NO_TIMER};
    if (!supervised(fold, plan))
        return best;
    earliest(plan, RULE_OF_VEHICLE, 0, vehicle_rules(fold), &best);
    for (size_t i = 0; i < plan->journey->n_seals; i++)
        if (!seal_at(fold, plan, i)->lock.ended)
            earliest(plan, RULE_OF_SEAL, i, seal_rules(fold, plan, i), &best);
    if (best.due_ms > plan->end_ms)
        best.due_ms = RULE_NO_TIMER;
    return best;
}

static struct lock_where where_at(const struct fold *fold, int64_t at_ms)
{
    struct lock_where where = fold->where;
    int64_t age_ms = at_ms - fold->seen_ms;
    if (where.known && !fold->standing && age_ms > 0)
        where.accuracy_m += DRIFT_MS * (double)age_ms / 1000.0;
    return where;
}

/* For what a seal says: the vehicle's place, unless its own is surely another (it went on with another vehicle). */
static struct lock_where where_of(const struct fold *fold, const struct plan *plan, const struct entry *e)
{
    const struct fold_seal *s = seal_at(fold, plan, e->seal);
    int64_t at_ms = e->at_ms;
    struct lock_where vehicle = where_at(fold, at_ms), own = s->own;
    own.accuracy_m += DRIFT_MS * (double)(at_ms > s->own_ms ? at_ms - s->own_ms : 0) / 1000.0;
    bool parted = (fold->apart >> e->seal & 1) && !(e->flags & ENTRY_FIX); /* a fix says itself whether it still is */
    bool apart = parted || geometry_rough(own.lat, own.lon, vehicle.lat, vehicle.lon) > own.accuracy_m + vehicle.accuracy_m;
    if (apart && (e->flags & (ENTRY_FIX | ENTRY_UNPLACED | ENTRY_CELL)) == ENTRY_FIX) /* set aside, and where the others are */
        apart = geometry_rough(entry_lat(e), entry_lon(e), vehicle.lat, vehicle.lon) > e->accuracy_m + vehicle.accuracy_m + LORRY_M;
    return own.known && apart ? own : vehicle;
}

/* Where it may be if the last fix is wrong: where it stood, grown by what it may have driven since it left when the message has
 * no fix of its own; else, or when that is no place to open it, where it was last seen. */
static struct lock_where before_of(const struct fold *fold, const struct plan *plan, const struct entry *e)
{
    struct lock_where where = fold->stood;
    int64_t at_ms = e->at_ms;
    bool own = (e->flags & (ENTRY_FIX | ENTRY_UNPLACED)) == ENTRY_FIX && !entry_unsized(e);
    if (!where.known || at_ms - fold->stood_ms >= FRESH_MS || (fold->apart >> e->seal & 1))
        return where_of(fold, plan, e);
    if (own) {
        bool here = fold->standing && fold->stood_ms >= stay_since(&fold->stay); /* else it stands elsewhere by now */
        bool stands = here || (at_ms - fold->stood_ms < LEFT_MS && lock_may_open_here(plan, &where));
        return stands ? where : where_of(fold, plan, e);
    }
    if (!fold->standing)
        where.accuracy_m += DRIFT_MS * (double)(at_ms - fold->stood_ms) / 1000.0;
    return where;
}

/* Where it may have gone while messages of it are still to come: it may have left what was its place in the last that came. */
static struct lock_where reach_of(const struct fold *fold, const struct entry *e, const struct lock_where *where)
{
    struct lock_where reach = *where;
    if ((!(e->flags & ENTRY_FIX) || entry_unsized(e)) && e->at_ms > fold->seen_ms)
        reach.accuracy_m += DRIFT_MS * (double)(e->at_ms - fold->seen_ms) / 1000.0;
    return reach;
}

static struct lock_where said_by(const struct entry *e)
{
    double accuracy_m = entry_unsized(e) && e->accuracy_m < CELL_M ? CELL_M : e->accuracy_m;
    return (struct lock_where){(e->flags & ENTRY_FIX) != 0, entry_lat(e), entry_lon(e), accuracy_m, UNSURE, UNSURE};
}

/* One fix may be wild: where the one before it was, for a message that has none of its own. */
static struct lock_where previous_of(const struct fold_seal *seal, const struct entry *e)
{
    const struct position_point *p = &seal->position.before;
    bool own = (e->flags & ENTRY_FIX) && !entry_unsized(e);
    bool known = !own && p->at_ms != BULLA_TIME_NONE && !p->cell && e->at_ms - p->at_ms < FRESH_MS;
    return (struct lock_where){known, p->lat_e7 / 1e7, p->lon_e7 / 1e7, p->accuracy_m, UNSURE, UNSURE};
}

static void fire(struct fold *fold, const struct plan *plan, const struct timer *timer, struct sheet *sheet)
{
    static const struct company nobody;
    struct lock_where where = where_at(fold, timer->due_ms);
    struct rule_input in = {.plan = plan,
                            .seal = timer->seal,
                            .at_ms = timer->due_ms,
                            .held = timer->rule->scope == RULE_OF_SEAL ? &seal_at(fold, plan, timer->seal)->lock : NULL,
                            .stay = &fold->stay,
                            .where = &where,
                            .company = &nobody,
                            .gone = fold->gone,
                            .apart = fold->apart,
                            .n_before = sheet->n,
                            .sheet = sheet};
    timer->rule->step(timer->state, &in);
}

static void fire_until(struct fold *fold, const struct plan *plan, int64_t last_ms, struct sheet *sheet)
{
    while (fold->due_ms <= last_ms) {
        struct timer timer = next_timer(fold, plan);
        if (timer.due_ms <= last_ms)
            fire(fold, plan, &timer, sheet);
        fold->due_ms = next_timer(fold, plan).due_ms;
    }
}

void fold_time(struct fold *fold, const struct plan *plan, int64_t now_ms, struct sheet *sheet)
{
    fire_until(fold, plan, now_ms, sheet);
}

int64_t fold_due(const struct fold *fold)
{
    return fold->due_ms;
}

void fold_init(struct fold *fold, const struct plan *plan)
{
    memset(fold, 0, fold_size(plan));
    fold->where.origin = fold->where.destination = UNSURE;
    for (size_t i = 0; i < plan->journey->n_seals; i++) {
        struct fold_seal *s = seal_at(fold, plan, i);
        clock_init(&s->clock);
        position_init(&s->position);
        lock_init(&s->lock);
        s->own.origin = s->own.destination = UNSURE;
    }
    for (size_t i = 0; i < plan->n_means; i++)
        position_init(means_at(fold, plan, i));
    fold->located_ms = BULLA_TIME_NONE;
    fold->due_ms = next_timer(fold, plan).due_ms;
}

static void move_rules(enum rule_scope scope, uint8_t *to, const struct plan *into, const uint8_t *from, const struct plan *out_of)
{
    for (size_t i = 0; i < rules_count; i++) {
        if (rules[i]->scope != scope)
            continue;
        if (rules[i] == &rule_custom)
            rule_custom_move(to, into, from, out_of);
        else
            memcpy(to, from, into->rule_size[i]);
        to += into->rule_size[i];
        from += out_of->rule_size[i];
    }
}

void fold_move(struct fold *to, const struct plan *into, const struct fold *from, const struct plan *out_of)
{
    memset(to, 0, fold_size(into));
    *to = *from;
    move_rules(RULE_OF_VEHICLE, vehicle_rules(to), into, vehicle_rules(from), out_of);
    for (size_t i = 0; i < into->journey->n_seals; i++) {
        *seal_at(to, into, i) = *seal_at(from, out_of, i);
        move_rules(RULE_OF_SEAL, seal_rules(to, into, i), into, seal_rules(from, out_of, i), out_of);
    }
    for (size_t i = 0; i < into->n_means; i++)
        *means_at(to, into, i) = *means_at(from, out_of, i);
    to->due_ms = next_timer(to, into).due_ms;
}

/* --- entries --- */

/* A cell says less than the last place does, grown by what the vehicle may have driven since; and a place that is said
 * again ages from when it was first said. */
static bool says_more(const struct fold *fold, const struct fix *f)
{
    if (!fold->where.known)
        return true;
    return !f->repeated && !(f->cell && where_at(fold, f->at_ms).accuracy_m <= f->accuracy_m);
}

static void put(const struct plan *plan, const struct fix *f, struct lock_where *w)
{
    w->known = true;
    w->lat = f->lat;
    w->lon = f->lon;
    w->accuracy_m = f->accuracy_m;
    if (plan->has_origin && f->origin != UNSURE)
        w->origin = (enum geometry_side)f->origin;
    if (plan->has_destination && f->destination != UNSURE)
        w->destination = (enum geometry_side)f->destination;
}

static void see_own(struct fold_seal *seal, const struct plan *plan, const struct fix *f)
{
    if (f->cell || f->repeated)
        return;
    seal->own_ms = f->at_ms;
    put(plan, f, &seal->own);
}

static void see(struct fold *fold, const struct plan *plan, const struct fix *f)
{
    bool more = says_more(fold, f);
    stay_step(&fold->stay, f);
    fold->standing = stay_holds(&fold->stay, f->at_ms, STANDING_MS, f->cell ? FRESH_MS : 0);
    bool again = f->repeated && (!fold->stood.known || f->at_ms - fold->stood_ms >= LEFT_MS);
    if (more) {
        fold->seen_ms = f->at_ms;
        put(plan, f, &fold->where);
    }
    if (fold->standing && (more || again)) { /* what holds still repeats itself: less than a place of before, more than none */
        fold->stood = fold->where;
        fold->stood_ms = f->at_ms;
    }
}

/* A fix that has no place in the order still tells where its own message was said, and whence the next one of a clock that lags. */
static void place_here(struct fold_seal *seal, const struct plan *plan, const struct entry *e, struct lock_where *where)
{
    if (!(e->flags & ENTRY_UNPLACED))
        return;
    if (e->flags & ENTRY_FIX) {
        *where = (struct lock_where){.known = true, .lat = entry_lat(e), .lon = entry_lon(e), .accuracy_m = e->accuracy_m};
        where->origin = plan->has_origin ? geometry_place_side(&plan->origin, where->lat, where->lon, where->accuracy_m) : UNSURE;
        where->destination =
            plan->has_destination ? geometry_place_side(&plan->destination, where->lat, where->lon, where->accuracy_m) : UNSURE;
        seal->unplaced = *where;
        seal->unplaced_ms = e->received_ms;
    } else if (seal->unplaced.known && (e->flags & ENTRY_CLOCK_LAGS)) {
        *where = seal->unplaced;
        where->accuracy_m += DRIFT_MS * (double)(e->received_ms > seal->unplaced_ms ? e->received_ms - seal->unplaced_ms : 0) / 1000.0;
    }
}

static void step_rules(struct fold *fold, const struct rule_input *in)
{
    uint8_t *of_vehicle = vehicle_rules(fold), *of_seal = seal_rules(fold, in->plan, in->seal);
    for (size_t i = 0; i < rules_count; i++) {
        uint8_t **state = rules[i]->scope == RULE_OF_VEHICLE ? &of_vehicle : &of_seal;
        if (in->plan->rule_size[i] == 0)
            continue;
        rules[i]->step(*state, in);
        *state += in->plan->rule_size[i];
    }
}

/* When a seal's clock is in doubt, so is where it was at that time. */
static bool is_doubted(const struct fold_seal *seal, int64_t at_ms)
{
    return seal->doubted_ms && at_ms - seal->doubted_ms <= DOUBT_MS;
}

/* Where the others are, as far as the newest fix tells. */
static struct company look_around(struct fold *fold, const struct plan *plan, const struct entry *e, const struct position_news *news)
{
    struct company company = {0};
    unsigned alone = fold->gone | fold->parted;
    if (news->n_fixes == 0 || (alone >> e->seal & 1))
        return company;
    const struct fold_seal *mine = seal_at(fold, plan, e->seal);
    for (size_t i = 0; i < plan->journey->n_seals; i++) {
        const struct fold_seal *theirs = seal_at(fold, plan, i);
        bool doubted = is_doubted(mine, e->at_ms) || is_doubted(theirs, e->at_ms);
        if (i != e->seal && !(alone >> i & 1))
            company_meet(&company, plan, &mine->position, &theirs->position, i, doubted);
    }
    if (company.close)
        fold->apart &= (uint16_t) ~(1u << e->seal | company.close);
    else if (company.off)
        fold->apart |= (uint16_t)(1u << e->seal | company.off);
    return company;
}

/* Rules that wait for a seal learn that what carries it is heard; those of the vehicle that it was seen. */
static void step_carried(struct fold *fold, struct rule_input *in, bool seen)
{
    uint8_t *of_vehicle = vehicle_rules(fold);
    for (size_t i = 0; seen && i < rules_count; i++) {
        if (rules[i]->scope != RULE_OF_VEHICLE || in->plan->rule_size[i] == 0)
            continue;
        rules[i]->step(of_vehicle, in);
        of_vehicle += in->plan->rule_size[i];
    }
    for (size_t seal = 0; seal < in->plan->journey->n_seals; seal++) {
        uint8_t *of_seal = seal_rules(fold, in->plan, seal);
        for (size_t i = 0; i < rules_count; i++) {
            if (rules[i]->scope != RULE_OF_SEAL || in->plan->rule_size[i] == 0)
                continue;
            if (rules[i]->carried && !seal_at(fold, in->plan, seal)->lock.ended)
                rules[i]->carried(of_seal, in->at_ms);
            of_seal += in->plan->rule_size[i];
        }
    }
}

/* The vessel or train of a leg was heard: it is where the vehicle is, as long as no seal says so itself. */
static void fold_carrier(struct fold *fold, const struct plan *plan, const struct entry *e, struct sheet *sheet)
{
    static const struct lock_news nothing;
    static const struct company nobody;
    struct position_news position;
    if (!supervised(fold, plan) || e->at_ms < plan->start_ms || e->at_ms > plan->end_ms || !plan_carries(plan, e->seal, e->at_ms))
        return;
    position_step(means_at(fold, plan, e->seal - plan->journey->n_seals), plan, e, &position);
    bool silent = fold->located_ms == BULLA_TIME_NONE || e->at_ms - fold->located_ms > PLAN_CARRIED_MS;
    for (size_t i = 0; silent && i < position.n_fixes; i++)
        if (position.fix[i].at_ms >= fold->seen_ms || !fold->where.known)
            see(fold, plan, &position.fix[i]);
    struct lock_where where = where_at(fold, e->at_ms);
    struct rule_input in = {.plan = plan,
                            .at_ms = e->at_ms,
                            .entry = e,
                            .position = &position,
                            .lock = &nothing,
                            .held = &seal_at(fold, plan, 0)->lock,
                            .stay = &fold->stay,
                            .where = &where,
                            .company = &nobody,
                            .gone = fold->gone,
                            .apart = fold->apart,
                            .n_before = sheet->n,
                            .sheet = sheet};
    step_carried(fold, &in, silent && position.n_fixes > 0);
    fold->due_ms = next_timer(fold, plan).due_ms;
}

void fold_entry(struct fold *fold, const struct plan *plan, const struct entry *entry, struct sheet *sheet)
{
    if (entry->seal >= plan->journey->n_seals) {
        fire_until(fold, plan, entry->at_ms - 1, sheet);
        fold_carrier(fold, plan, entry, sheet);
        return;
    }
    struct entry put_right = *entry, *e = &put_right;
    struct fold_seal *seal = seal_at(fold, plan, e->seal);
    clock_step(&seal->clock, plan, e);
    fire_until(fold, plan, e->at_ms - 1, sheet);
    if (seal->lock.ended || entry_leave_ms(e) < plan->start_ms || e->at_ms > plan->end_ms)
        return;
    struct position_news position;
    struct lock_news lock;
    struct lock_where before = before_of(fold, plan, e);
    bool stood = fold->standing;
    if (e->flags & ENTRY_DOUBT)
        seal->doubted_ms = e->at_ms;
    position_step(&seal->position, plan, e, &position);
    bool fix = false;
    for (size_t i = 0; i < position.n_fixes; i++) {
        fix |= !position.fix[i].cell && !position.fix[i].repeated;
        see_own(seal, plan, &position.fix[i]);
        if (position.fix[i].at_ms >= fold->seen_ms || !fold->where.known)
            see(fold, plan, &position.fix[i]);
    }
    if (position.n_fixes && e->at_ms > fold->located_ms)
        fold->located_ms = e->at_ms;
    struct lock_where where = where_of(fold, plan, e);
    place_here(seal, plan, e, &where);
    struct lock_where reach = reach_of(fold, e, &where);
    struct lock_where said = said_by(e);
    bool lost = !fix && e->at_ms - fold->seen_ms > LOST_MS;
    struct lock_where previous = previous_of(seal, e);
    struct lock_place place = {&where, &before, &reach, &said, &previous, fix && !fold->stay.straying, stood, lost};
    lock_step(&seal->lock, plan, e, &place, &lock);
    fold->gone |= (uint16_t)(seal->lock.ended << e->seal);
    if (e->events & PARTING)
        fold->parted |= (uint16_t)(1u << e->seal);
    struct company company = look_around(fold, plan, e, &position);
    struct rule_input in = {.plan = plan,
                            .seal = e->seal,
                            .at_ms = e->at_ms,
                            .entry = e,
                            .position = &position,
                            .lock = &lock,
                            .held = &seal->lock,
                            .stay = &fold->stay,
                            .where = &where,
                            .company = &company,
                            .gone = fold->gone,
                            .apart = fold->apart,
                            .n_before = sheet->n,
                            .sheet = sheet};
    step_rules(fold, &in);
    fold->due_ms = next_timer(fold, plan).due_ms;
}
