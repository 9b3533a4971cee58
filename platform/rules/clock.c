/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/clock.h"

#include <string.h>

#define LAG_MS    (5 * PLAN_MINUTE_MS) /* ALARMS: off by more than 5 min, in 3 messages */
#define MESSAGES  3
#define SAME_MS   INT64_C(45000) /* what the network adds to one message more than to another */
#define SPREAD_MS INT64_C(60000)
#define CLEAR_MS  (45 * PLAN_MINUTE_MS) /* longer than any device rests between two reports */
#define NEARLY_MS (3 * PLAN_MINUTE_MS)  /* ahead by so much, of a clock that is ahead: no two of its messages are ahead by the same */
#define FIRST_MS  (60 * PLAN_MINUTE_MS) /* a clock that lagged from sealing on was heard to do so by then */

void clock_init(struct clock *clock)
{
    *clock = (struct clock){.top = -1, .below = -1, .last = -1, .back = INT64_MAX, .right_ms = BULLA_TIME_NONE, .put_ms = BULLA_TIME_NONE};
}

static bool known(const struct clock *clock)
{
    return clock->n >= MESSAGES && clock->last_ms - clock->first_ms >= SPREAD_MS;
}

/* A live message that is behind. One that is behind by more than the known lag came late as well, and so did one that was heard
 * before the lag was; one that was heard before an older one is no live message. */
static void note_lag(struct clock *clock, const struct entry *e, int64_t lag_ms)
{
    int64_t off_ms = lag_ms - clock->lag_ms;
    if (known(clock) && (off_ms > SAME_MS || e->received_ms < clock->first_ms))
        return;
    bool overtaken = e->received_ms < clock->last_ms && !known(clock); /* of a known lag, by a message that waited in some queue */
    if (clock->n == 0 || off_ms > SAME_MS || off_ms < -SAME_MS || overtaken) {
        clock->n = 0;
        clock->lag_ms = lag_ms;
        clock->first_ms = clock->last_ms = e->received_ms;
    }
    clock->n++;
    clock->last_ms = e->received_ms > clock->last_ms ? e->received_ms : clock->last_ms;
    clock->counter = e->flags & ENTRY_COUNTER ? e->counter : INT64_MAX;
}

/* Dated between two that were counted one after the other. What a restart counts anew is not between them. */
static bool between(const struct clock *clock, const struct entry *e)
{
    return clock->below >= 0 && e->counter > clock->below && e->counter < clock->top && e->received_ms < clock->top_ms;
}

static void note_counter(struct clock *clock, const struct entry *e, int64_t lag_ms)
{
    if (!(e->flags & ENTRY_COUNTER))
        return;
    if (lag_ms <= LAG_MS && clock->top_lag_ms > LAG_MS && between(clock, e) && clock->top < clock->back) {
        clock->back = clock->top;
        clock->back_ms = clock->top_ms;
    }
    if (e->counter > clock->top || e->received_ms > clock->top_ms) {
        clock->top = e->counter;
        clock->top_ms = e->received_ms;
        clock->top_lag_ms = lag_ms;
        clock->below = clock->last;
    }
    clock->last = e->counter;
}

static bool put_back(const struct clock *clock, const struct entry *e, int64_t lag_ms)
{
    return lag_ms > LAG_MS && (e->flags & ENTRY_COUNTER) && e->counter >= clock->back;
}

static bool lags(struct clock *clock, const struct entry *e)
{
    int64_t lag_ms = e->received_ms - e->device_ms;
    note_counter(clock, e, lag_ms);
    if (lag_ms <= LAG_MS) {
        clock->right_ms = e->at_ms;
        if (e->received_ms > clock->first_ms || ((e->flags & ENTRY_COUNTER) && e->counter > clock->counter))
            clock->n = 0; /* it was right after them */
        if (e->received_ms > clock->back_ms)
            clock->back = INT64_MAX;
        return false;
    }
    if (!(e->flags & ENTRY_STORED))
        note_lag(clock, e, lag_ms);
    return put_back(clock, e, lag_ms) || (known(clock) && lag_ms >= clock->lag_ms - SAME_MS && e->received_ms >= clock->first_ms);
}

/* Whether the time, put right, comes after all that was said with a right clock. */
static bool has_place(const struct clock *clock, const struct plan *plan, const struct entry *e)
{
    if (plan->journey->n_seals > 1)
        return false;
    if (clock->right_ms == BULLA_TIME_NONE)
        return clock->first_ms - plan->start_ms < FIRST_MS;
    return e->at_ms - clock->right_ms >= CLEAR_MS;
}

/* ---- ahead, or of another year ---- */

static void begin_off(struct clock_off *off, const struct entry *e, int64_t off_ms)
{
    int64_t counter = e->flags & ENTRY_COUNTER ? e->counter : -1;
    *off = (struct clock_off){.n = 1, .off_ms = off_ms, .device_ms = e->device_ms, .counter = counter, .first_counter = counter};
}

/* Said before the newest live message, by the clock and by the count; by the clock alone it may have begun anew. */
static bool was_kept(const struct clock_off *off, const struct entry *e)
{
    bool counts = (e->flags & ENTRY_COUNTER) && off->counter >= 0;
    if (e->device_ms >= off->device_ms)
        return !counts || e->counter > off->counter;
    return counts ? e->counter < off->counter && e->counter >= off->first_counter : (e->flags & ENTRY_STORED) != 0;
}

/* What was closed when it was said may be open by now. */
static void forget_closed(struct entry *e)
{
    if (e->state == BULLA_SEAL_SEALED)
        e->state = BULLA_SEAL_NONE;
    if (e->motor == BULLA_MOTOR_LOCKED)
        e->motor = BULLA_MOTOR_NONE;
    if (e->shackle == BULLA_SHACKLE_IN)
        e->shackle = BULLA_SHACKLE_NONE;
}

static void put_right(struct clock *clock, const struct plan *plan, struct entry *e, bool older)
{
    e->said_ms = e->device_ms + clock->off.off_ms;
    bool placed = plan->journey->n_seals == 1 && !older && e->said_ms >= clock->put_ms && e->said_ms >= clock->right_ms;
    if (!placed) {
        e->flags |= ENTRY_UNPLACED;
        if (older)
            forget_closed(e);
        return;
    }
    e->at_ms = e->said_ms;
    clock->put_ms = e->at_ms;
}

static void step_off(struct clock *clock, const struct plan *plan, struct entry *e)
{
    struct clock_off *off = &clock->off;
    int64_t off_ms = e->received_ms - e->device_ms, late_ms = off_ms - off->off_ms;
    bool live = late_ms <= SAME_MS && late_ms >= -SAME_MS;
    if (off->n == 0 || entry_is(e, BULLA_EVENT_STARTUP) || (!live && (late_ms < 0 || !was_kept(off, e)))) {
        begin_off(off, e, off_ms);
    } else if (!live) {
        if (off->n >= MESSAGES)
            put_right(clock, plan, e, e->device_ms < off->device_ms);
        return;
    } else if (e->device_ms >= off->device_ms) {
        off->n++;
        off->off_ms = off_ms;
        off->device_ms = e->device_ms;
        off->counter = e->flags & ENTRY_COUNTER ? e->counter : off->counter;
    }
    clock->put_ms = e->at_ms > clock->put_ms ? e->at_ms : clock->put_ms;
}

/* One whose time is just plausible, of a clock that is just not: its time is minutes off, as that of the others would be. */
static bool nearly_ahead(const struct clock *clock, const struct entry *e)
{
    return clock->off.n >= MESSAGES && clock->off.off_ms < -NEARLY_MS && e->device_ms - e->received_ms > NEARLY_MS;
}

void clock_step(struct clock *clock, const struct plan *plan, struct entry *e)
{
    if (e->device_ms == BULLA_TIME_NONE)
        return;
    if (e->flags & ENTRY_CLOCK_WRONG) {
        if (!e->note)
            step_off(clock, plan, e);
        return;
    }
    if (nearly_ahead(clock, e)) {
        e->flags |= ENTRY_UNPLACED;
        return;
    }
    if (!lags(clock, e)) {
        if (clock->put_ms != BULLA_TIME_NONE && e->at_ms < clock->put_ms)
            e->flags |= ENTRY_UNPLACED;
        return;
    }
    e->flags |= ENTRY_CLOCK_WRONG | ENTRY_CLOCK_LAGS;
    if (!known(clock) || !has_place(clock, plan, e)) {
        e->flags |= ENTRY_UNPLACED;
        return;
    }
    int64_t at_ms = e->device_ms + clock->lag_ms;
    at_ms = at_ms < e->received_ms ? at_ms : e->received_ms;
    e->at_ms = at_ms > clock->put_ms ? at_ms : clock->put_ms;
    clock->put_ms = e->at_ms;
}
