/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/in/shed.h"

#include <string.h>

#define E(name) BULLA_EVENT_BIT(BULLA_EVENT_##name)

/* Events that say nothing about the seal: timers and manner of positioning. */
#define PLAIN (E(WAKE) | E(STATE_REPORT) | E(POSITION_CELL))
/* Without an answer to these a device connects anew, and that costs more than the row. */
#define SESSION (E(HEARTBEAT) | E(TIME_REQUEST) | E(REGISTRATION) | E(STARTUP))
/* Conditions that some protocols repeat in each report while they last: kept when they come and when they go. */
#define LASTING (E(LOW_BATTERY) | E(POWER_CUT) | E(GNSS_FAULT) | E(SENSOR_FAULT) | E(OVERSPEED) | E(TIME_ZONE_SUSPECT))

#define MOVING_CMH 500 /* 5 km/h */

/* --- what a seal says, so short that two reports can be compared --- */

static uint32_t state_of(const struct bulla_observation *o)
{
    const struct bulla_state *s = &o->state;
    uint32_t h =
        (uint32_t)s->seal | (uint32_t)s->shackle << 3 | (uint32_t)s->motor << 6 | (uint32_t)s->cover << 9 | (uint32_t)s->door << 12;
    h |= (uint32_t)(o->fix_valid && (o->has & BULLA_HAS_FIX)) << 15;
    for (size_t i = 0; i < o->n_sublocks; i++) {
        const struct bulla_state *u = &o->sublocks[i].state;
        h = h * 31 + ((uint32_t)u->seal | (uint32_t)u->shackle << 3 | (uint32_t)u->motor << 6 | (uint32_t)u->cover << 9 |
                      (uint32_t)u->door << 12 | (uint32_t)o->sublocks[i].lost << 15);
    }
    return h;
}

static uint8_t power_of(const struct bulla_observation *o)
{
    static const uint8_t bands[] = {5, 10, 15, 20, 30};
    uint8_t band = 0;
    if (bulla_observation_knows(o, BULLA_HAS_PERCENT))
        while (band < sizeof bands && o->percent > bands[band])
            band++;
    else
        band = 7;
    return (uint8_t)(band | (bulla_observation_knows(o, BULLA_HAS_CHARGING) && o->charging ? 8 : 0));
}

/* 0 not said, 1 standing, 2 moving; between the two it stays what it was. */
static uint8_t motion_of(const struct bulla_observation *o, uint8_t was)
{
    if (!bulla_observation_knows(o, BULLA_HAS_SPEED))
        return was;
    if (o->speed_cmh > MOVING_CMH)
        return 2;
    return o->speed_cmh > MOVING_CMH / 2 && was ? was : 1;
}

/* How much a value must change to be news, in thousandths of its unit; kinds that are not here never are. */
static const struct {
    uint8_t kind;
    int32_t step;
} sensor_steps[] = {
    {BULLA_SENSOR_TEMPERATURE, 3000}, {BULLA_SENSOR_HUMIDITY, 15000}, {BULLA_SENSOR_LIGHT, 50000}, {BULLA_SENSOR_TILT, 20000},
    {BULLA_SENSOR_SHOCK, 1000},       {BULLA_SENSOR_PRESSURE, 20000}, {BULLA_SENSOR_VOC, 10000},   {BULLA_SENSOR_OIL, 10000},
};

static uint32_t sensors_of(const struct bulla_observation *o)
{
    uint32_t h = 0;
    for (size_t i = 0; i < o->n_sensors; i++)
        for (size_t k = 0; k < sizeof sensor_steps / sizeof *sensor_steps; k++)
            if (sensor_steps[k].kind == o->sensors[i].kind)
                h = h * 31 + (uint32_t)(o->sensors[i].milli / sensor_steps[k].step) * 16 + o->sensors[i].kind;
    return h;
}

static uint64_t events_of(const struct bulla_observation *o)
{
    uint64_t events = o->events;
    for (size_t i = 0; i < o->n_sublocks; i++)
        events |= o->sublocks[i].events;
    return events;
}

/* --- judging --- */

struct news {
    const struct bulla_observation *o;
    uint64_t events;
    const struct shed_seal *was;
    struct shed_seal is;
};

static bool says_event(const struct news *n)
{
    return n->events & ~(PLAIN | SESSION | LASTING) || (n->events & LASTING) != n->was->conditions;
}

static bool says_session(const struct news *n)
{
    return (n->events & SESSION) != 0;
}

static bool says_unlock(const struct news *n)
{
    return (n->o->has & BULLA_HAS_UNLOCK) != 0;
}

static bool says_result(const struct news *n)
{
    return (n->o->has & BULLA_HAS_RESULT) != 0;
}

/* Of a seal that is not known yet, whatever is not plainly shut. */
static bool says_state(const struct news *n)
{
    const struct bulla_state *s = &n->o->state;
    if (n->was->known)
        return n->is.state != n->was->state;
    return s->seal >= BULLA_SEAL_OPEN || s->shackle >= BULLA_SHACKLE_OUT || s->motor >= BULLA_MOTOR_UNLOCKED ||
           s->cover == BULLA_COVER_OPEN || s->door == BULLA_COVER_OPEN;
}

static bool says_power(const struct news *n)
{
    return n->was->known && n->is.power != n->was->power;
}

static bool says_motion(const struct news *n)
{
    return n->was->known && n->is.motion != n->was->motion;
}

static bool says_sensor(const struct news *n)
{
    return n->was->known && n->is.sensors != n->was->sensors;
}

/* What is never shed, however full it is. The first that holds is counted. */
static const struct {
    enum shed_keep keep;
    bool (*holds)(const struct news *news);
} musts[] = {
    {KEEP_EVENT, says_event},     /* openings, cuts, covers, fences: what alarms are made of */
    {KEEP_UNLOCK, says_unlock},   /* who opened, and who was refused */
    {KEEP_RESULT, says_result},   /* somebody waits for the device's verdict */
    {KEEP_STATE, says_state},     /* a lock that differs from what was known is an opening without its event */
    {KEEP_SESSION, says_session}, /* unanswered, the device connects anew */
    {KEEP_POWER, says_power},     /* a battery band crossed: the low-battery rule's edge */
    {KEEP_MOTION, says_motion},   /* stops and starts: stays and late departures are counted from there */
    {KEEP_SENSOR, says_sensor},   /* a step of temperature, light and the like: limits may be crossed */
};

bool shed_keep_is_news(enum shed_keep keep)
{
    for (size_t i = 0; i < sizeof musts / sizeof *musts; i++)
        if (musts[i].keep == keep)
            return keep != KEEP_SESSION;
    return false;
}

static const char *const keep_texts[KEEP_COUNT] = {"",      "calm",   "event",  "session", "unlock", "result", "state",
                                                   "power", "motion", "sensor", "first",   "turn",   "unnamed"};

const char *shed_keep_text(enum shed_keep keep)
{
    return keep < KEEP_COUNT ? keep_texts[keep] : "";
}

const char *shed_why_text(enum shed_why why)
{
    static const char *const texts[SHED_WHY_COUNT] = {"thinned", "full", "quota", "flood"};
    return why < SHED_WHY_COUNT ? texts[why] : "";
}

/* Whether it is this seal's turn: of plain reports, and of those from its memory, one in each interval. */
static bool its_turn(const struct shed *s, const struct shed_seal *seal, bool stored, int64_t now_ms)
{
    int64_t since = now_ms - (stored ? seal->kept_stored_ms : seal->kept_ms);
    return since >= s->interval_ms || since < 0;
}

static enum shed_keep reason(const struct shed *s, const struct news *n, const struct shed_case *c)
{
    for (size_t i = 0; i < sizeof musts / sizeof *musts; i++)
        if (musts[i].holds(n))
            return musts[i].keep;
    if (c->full && !s->off)
        return SHED_NO;
    if (s->interval_ms == 0 || s->off)
        return KEEP_CALM;
    if (c->first || !n->was->known)
        return KEEP_FIRST;
    return its_turn(s, n->was, n->o->stored, c->now_ms) ? KEEP_TURN : SHED_NO;
}

static void measure_gap(struct shed_seal *seal, int64_t now_ms)
{
    int64_t gap = now_ms - seal->said_ms;
    if (seal->said_ms && gap >= 0 && gap < INT32_MAX)
        seal->gap_ms = seal->gap_ms ? (uint32_t)(((int64_t)seal->gap_ms * 7 + gap) / 8) : (uint32_t)gap;
    seal->said_ms = now_ms;
}

/* What came from a device's memory is compared with what is known now, and changes nothing of it. */
enum shed_keep shed_judge(const struct shed *s, struct shed_seal *seal, const struct bulla_observation *o, const struct shed_case *c)
{
    struct news n = {o, events_of(o), seal, *seal};
    n.is.known = true;
    n.is.conditions = n.events & LASTING;
    n.is.state = state_of(o);
    n.is.sensors = o->n_sensors ? sensors_of(o) : seal->sensors;
    n.is.power = power_of(o);
    n.is.motion = motion_of(o, seal->motion);
    enum shed_keep keep = reason(s, &n, c);
    if (o->stored && keep != SHED_NO) {
        seal->kept_stored_ms = c->now_ms;
    } else if (!o->stored) {
        if (keep != SHED_NO) {
            *seal = n.is;
            seal->kept_ms = c->now_ms;
        }
        measure_gap(seal, c->now_ms);
    }
    return keep;
}

/* --- the measure --- */

/* What the pipeline asks for is a floor under the interval. */
static const int64_t floors_ms[SHED_LEVELS] = {0, 5000, 60000, SHED_MOST_MS};

void shed_init(struct shed *s, size_t rows_limit)
{
    memset(s, 0, sizeof *s);
    s->target_ms = SHED_TARGET_MS;
    s->most_rows = rows_limit < SHED_ROWS_FIRST ? rows_limit : SHED_ROWS_FIRST;
}

void shed_target(struct shed *s, int64_t target_ms, size_t rows_limit)
{
    size_t first = (size_t)(SHED_ROWS_FIRST * target_ms / SHED_TARGET_MS);
    s->target_ms = target_ms;
    s->most_rows = first < rows_limit ? first : rows_limit;
}

void shed_ask(struct shed *s, unsigned level)
{
    s->asked = level < SHED_LEVELS ? level : SHED_LEVELS - 1;
    if (s->interval_ms < floors_ms[s->asked])
        s->interval_ms = floors_ms[s->asked];
}

/* What a commit costs by itself and what a row adds to it: a line through the last batches, the newest counting most. A disk
 * that is slow to commit but takes many rows at once is not weak. */
static void draw_line(struct shed *s, size_t rows, int64_t took_ms)
{
    double n = (double)rows, t = (double)took_ms, w = s->mean_rows > 0 ? 0.2 : 1;
    double dn = n - s->mean_rows, dt = t - s->mean_ms;
    bool first = w == 1;
    s->mean_rows += w * dn;
    s->mean_ms += w * dt;
    s->var = first ? 0 : (1 - w) * (s->var + w * dn * dn);
    s->cov = first ? 0 : (1 - w) * (s->cov + w * dn * dt);
    if (s->var > 100) { /* batches of different sizes: else they do not tell */
        double most = s->mean_ms / s->mean_rows, each = s->cov / s->var;
        s->row_ms = each < 0 ? 0 : each > most ? most : each;
        s->told = true;
    } else if (!s->told && rows >= SHED_ROWS_LEAST) { /* the first: as if all of it were for its rows */
        s->row_ms = t / n;
        s->told = true;
    }
    s->fixed_ms = s->mean_ms - s->row_ms * s->mean_rows;
}

void shed_cost(struct shed *s, size_t rows, int64_t took_ms, int64_t other_ms, size_t rows_limit)
{
    if (rows == 0 || took_ms < 0 || took_ms > 3600 * 1000)
        return;
    draw_line(s, rows, took_ms);
    s->other_ms += 0.2 * ((double)(other_ms > 0 ? other_ms : 0) - s->other_ms);
    if (!s->told)
        return;
    double target = (double)s->target_ms, own = s->fixed_ms + s->other_ms, left = own < target / 2 ? target - own : target / 2;
    double least = (double)s->most_rows / 4; /* one hiccup must not close the door */
    double most = (double)s->most_rows * 4;  /* nor is a store trusted at once with far more than it has shown */
    double wanted = s->row_ms > 0 ? left / s->row_ms : (double)rows_limit;
    s->growing = wanted > most;
    wanted = wanted < least ? least : wanted > most ? most : wanted;
    s->most_rows = wanted > (double)rows_limit ? rows_limit : wanted < SHED_ROWS_LEAST ? SHED_ROWS_LEAST : (size_t)wanted;
}

void shed_measure(struct shed *s, size_t rows, int64_t age_ms, int64_t now_ms)
{
    double own_ms = (s->fixed_ms > 0 ? s->fixed_ms : 0) + s->other_ms, age = rows ? (double)age_ms : 0;
    double target_ms = (double)s->target_ms;
    bool pressed = (s->told && !s->growing && rows * 4 >= s->most_rows * 3) || age >= 2 * target_ms + own_ms;
    bool calm = rows * 5 < s->most_rows * 2 && age < target_ms + own_ms;
    if (now_ms - s->changed_ms < SHED_STEP_MS && now_ms >= s->changed_ms)
        return;
    s->changed_ms = now_ms;
    if (pressed || s->was_full)
        s->last_ms = now_ms;
    s->was_full = false;
    s->recent = s->last_ms && now_ms >= s->last_ms && now_ms - s->last_ms < SHED_HOLD_MS;
    if (pressed)
        s->interval_ms = s->interval_ms ? s->interval_ms * 2 : SHED_FIRST_MS;
    else if (calm)
        s->interval_ms = s->interval_ms * 7 / 8;
    if (s->interval_ms < SHED_FIRST_MS / 2)
        s->interval_ms = 0;
    if (s->interval_ms > SHED_MOST_MS)
        s->interval_ms = SHED_MOST_MS;
    if (s->interval_ms < floors_ms[s->asked])
        s->interval_ms = floors_ms[s->asked];
}

/* Also for counters, without the lock: a moment late, never torn. */
__attribute__((no_sanitize("thread"))) unsigned shed_level(const struct shed *s)
{
    return s->interval_ms == 0 ? s->recent : s->interval_ms < 30000 ? 1 : s->interval_ms < 120000 ? 2 : 3;
}

/* --- answers and quotas --- */

/* Protocols whose acknowledgement does not say for what: by the beginning of the answer. */
static const struct {
    const char *protocol, *answer;
} unnamed[] = {
    {"jt701", "(P35)"},                    /* firmware before the JT701D: "the last frame" */
    {"jt701", "(P46)"}, {"teratrack", ""}, /* 01: in order */
    {"upro", ""},                          /* type and subtype */
    {"meitrack", ""},                      /* how many records */
};

bool shed_answer_names(const char *protocol, const uint8_t *answer, size_t n)
{
    for (size_t i = 0; i < sizeof unnamed / sizeof *unnamed; i++) {
        size_t len = strlen(unnamed[i].answer);
        if (strcmp(unnamed[i].protocol, protocol) == 0 && n >= len && memcmp(answer, unnamed[i].answer, len) == 0)
            return false;
    }
    return true;
}

bool shed_quota_take(struct shed_quota *q, bool must, int64_t now_ms)
{
    int64_t passed = now_ms - q->at_ms;
    if (q->at_ms == 0 || passed < 0 || passed > 1000)
        passed = 1000;
    q->at_ms = now_ms;
    q->left += (double)passed / 1000 * q->per_second;
    if (q->left > q->per_second)
        q->left = q->per_second;
    if (q->left < 1 && !must)
        return false;
    if (q->left > -(double)q->per_second)
        q->left -= 1;
    return true;
}
