/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal's runtime: how it starts, how an event goes its way, and what time brings.
 */
#include "libbulla/src/seal_inside.h"

#define MS_PER_S 1000u

/* ---- time and place ---- */

uint64_t bulla_seal_running_ms(const struct bulla_seal *seal)
{
    uint32_t hz = seal->board->crystal.hz;
    return seal->ticks / hz * MS_PER_S + seal->ticks % hz * MS_PER_S / hz;
}

void bulla_seal_tick(struct bulla_seal *seal, uint32_t now)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    int32_t celsius = ops->celsius_milli ? ops->celsius_milli(seal->board->context) : BULLA_NO_TEMPERATURE;
    seal->ticks += (uint32_t)(now - seal->counter);
    seal->counter = now;
    bulla_clock_tick(&seal->clock, &seal->board->crystal, now, celsius);
    bulla_seal_tries_pass(seal);
}

/* By its own receiver, else as a reader says, else where it was last. */
struct bulla_spot bulla_seal_where(const struct bulla_seal *seal, const struct seal_work *work)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    if (ops->position) {
        struct bulla_spot own = ops->position(seal->board->context);
        if (own.lat_e7 != BULLA_NO_COORDINATE)
            return own;
    }
    return work->told.lat_e7 != BULLA_NO_COORDINATE ? work->told : seal->spot;
}

/* When something happened at `at_ms` of the running time: by the calendar, or since the start. */
static void put_time(const struct bulla_seal *seal, const struct seal_work *work, struct bulla_seal_note *note)
{
    int64_t now_ms = bulla_clock_now(work->clock ? work->clock : &seal->clock);
    note->clock_set = now_ms != BULLA_TIME_NONE;
    int64_t ms = note->clock_set ? now_ms - (int64_t)(bulla_seal_running_ms(seal) - work->at_ms) : (int64_t)work->at_ms;
    note->time_s = (uint32_t)(ms / MS_PER_S);
}

static bool out(const struct bulla_seal *seal)
{
    return seal->board->ops->shackle_out(seal->board->context);
}

/* ---- one event ---- */

static uint32_t facts_of(const struct bulla_seal *seal, const struct seal_work *work)
{
    const struct bulla_clock *clock = work->clock ? work->clock : &seal->clock;
    return work->facts | (out(seal) ? BULLA_FACT(SHACKLE_OUT) : 0) |
           (bulla_clock_good(clock, BULLA_SEAL_CLOCK_MS) ? BULLA_FACT(CLOCK_GOOD) : 0);
}

static void note_of(const struct bulla_seal *seal, struct seal_work *work)
{
    struct bulla_seal_note *note = &work->note;
    note->on = (uint8_t)work->on;
    note->before = seal->device.state;
    note->state = work->step.after.state;
    note->passage = (uint8_t)work->step.passage;
    note->spot = bulla_seal_where(seal, work);
    put_time(seal, work, note);
}

/* The transaction: all that changes, or nothing. */
static enum bulla_status keep(struct bulla_seal *seal, struct seal_work *work)
{
    bool logs = work->step.actions & BULLA_ACT(LOG);
    uint32_t log_at = logs ? (uint32_t)seal->log.next : 0;
    enum bulla_status status = bulla_zones_begin(&seal->zones);
    if (status == BULLA_OK)
        status = bulla_seal_act_within(seal, work);
    seal->events++;
    seal->spot = work->note.spot;
    if (work->spent)
        seal->spent = work->spent;
    if (status == BULLA_OK)
        status = bulla_seal_state_write(seal, &work->step.after, &work->note, log_at);
    if (status == BULLA_OK)
        status = bulla_zones_commit(&seal->zones);
    if (status != BULLA_OK)
        return BULLA_FAILED;
    seal->device = work->step.after;
    seal->note = work->note;
    seal->log_at = log_at;
    seal->log_owed = logs;
    return BULLA_OK;
}

static enum bulla_status append_owed(struct bulla_seal *seal)
{
    struct bulla_log_event event;
    uint32_t counter;
    if (!seal->log_owed)
        return BULLA_OK;
    bulla_seal_note_encode(&seal->note, &event);
    enum bulla_status status = bulla_log_append(&seal->log, &event, &counter);
    seal->log_owed = status != BULLA_OK;
    return status;
}

/* Nothing passes the shackle, and no journey begins, without another state. */
static bool changed(const struct bulla_device *a, const struct bulla_device *b)
{
    return a->state != b->state || a->modes != b->modes;
}

/* What a refusal leaves behind: a count, and now and then a record, so that a stranger does not fill the log. */
static bool refused_quietly(struct bulla_seal *seal, const struct seal_work *work)
{
    uint64_t now_ms = bulla_seal_running_ms(seal);
    if (!work->step.refusal)
        return false;
    if (work->step.actions & BULLA_ACT(LOG) && (!seal->noticed_ms || now_ms - seal->noticed_ms >= BULLA_SEAL_NOTICE_MS)) {
        seal->noticed_ms = now_ms + !now_ms;
        return false;
    }
    seal->device.refused = work->step.after.refused;
    return true;
}

/* The motor, and the deleting for good: what fails is tried again in the next turn. */
static void settle_world(struct bulla_seal *seal)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    if (seal->lock_owed)
        seal->lock_owed = ops->lock && !ops->lock(seal->board->context, seal->locked);
    if (seal->compact_owed)
        seal->compact_owed = bulla_zones_compact(&seal->zones) != BULLA_OK || !bulla_seal_file_erase(seal);
}

enum bulla_status bulla_seal_do(struct bulla_seal *seal, struct seal_work *work)
{
    work->step = bulla_device_step(&seal->device, work->on, facts_of(seal, work));
    if (refused_quietly(seal, work))
        return BULLA_OK;
    note_of(seal, work);
    bool keeps = bulla_seal_act_keeps(work->step.actions) || changed(&work->step.after, &seal->device);
    if (!bulla_seal_act_before(seal, work) || (keeps && keep(seal, work) != BULLA_OK) || append_owed(seal) != BULLA_OK) {
        seal->stale = true;
        return BULLA_FAILED;
    }
    bulla_seal_act_after(seal, work);
    settle_world(seal);
    return BULLA_OK;
}

/* ---- what is in flash ---- */

static enum bulla_status open_log(struct bulla_seal *seal)
{
    enum bulla_status status = bulla_log_open(&seal->log, &seal->board->log);
    return status == BULLA_NOT_MINE ? BULLA_OK : status;
}

static enum bulla_status load_state(struct bulla_seal *seal)
{
    enum bulla_status status = bulla_seal_state_load(seal);
    if (status == BULLA_DAMAGED) {
        bulla_seal_state_rescue(seal);
        status = BULLA_OK;
    }
    if (status == BULLA_OK && !seal->log.flash.ops) /* the log is lost: a new one goes on with the numbers */
        status = bulla_log_format(&seal->log, &seal->board->log, seal->log_at + 1);
    return status;
}

/* Opens zones and log as they are, and finds what is still owed. */
static enum bulla_status reopen(struct bulla_seal *seal)
{
    seal->log.flash.ops = NULL;
    enum bulla_status status = bulla_zones_open(&seal->zones, &seal->board->zones, bulla_seal_zones, bulla_seal_n_zones);
    if (status == BULLA_OK)
        status = bulla_seal_identity_load(seal);
    if (status == BULLA_OK)
        status = open_log(seal);
    if (status == BULLA_OK)
        status = load_state(seal);
    if (status == BULLA_OK)
        status = bulla_seal_file_load(seal);
    if (status != BULLA_OK)
        return status;
    seal->log_owed = seal->log_at && !(seal->log.any && seal->log.newest.counter >= seal->log_at);
    return append_owed(seal);
}

static void forget_first(struct bulla_seal *seal)
{
    seal->trying = 0;
    seal->queued--;
    bulla_move(seal->queue, seal->queue + 1, seal->queued * sizeof *seal->queue);
}

#define LOCKED SEAL_BIT(BULLA_DEVICE_SEALED)
#define UNLOCKED                                                                                                                           \
    (SEAL_BIT(BULLA_DEVICE_STORED) | SEAL_BIT(BULLA_DEVICE_INITIALISED) | SEAL_BIT(BULLA_DEVICE_READY) | SEAL_BIT(BULLA_DEVICE_WRITTEN) |  \
     SEAL_BIT(BULLA_DEVICE_OPENED) | SEAL_BIT(BULLA_DEVICE_RELEASED) | SEAL_BIT(BULLA_DEVICE_TAMPERED_RELEASED) |                          \
     SEAL_BIT(BULLA_DEVICE_RETURNED))
#define EMPTY                                                                                                                              \
    (SEAL_BIT(BULLA_DEVICE_STORED) | SEAL_BIT(BULLA_DEVICE_INITIALISED) | SEAL_BIT(BULLA_DEVICE_RETURNED) | SEAL_BIT(BULLA_DEVICE_RETIRED))

#define PERMITTED (SEAL_BIT(BULLA_DEVICE_ARMED) | SEAL_BIT(BULLA_DEVICE_RELEASED) | SEAL_BIT(BULLA_DEVICE_TAMPERED_RELEASED))

/* Power or flash may have gone between the decision and what follows it: motor, permission, deleting for good. */
static void catch_up(struct bulla_seal *seal)
{
    uint32_t at = SEAL_BIT(seal->device.state);
    seal->locked = at & LOCKED;
    seal->lock_owed = at & (LOCKED | UNLOCKED);
    seal->compact_owed = at & EMPTY;
    if (!(at & PERMITTED) || !seal->permit.runs)
        seal->permit = (struct bulla_seal_permit){at & PERMITTED, bulla_seal_running_ms(seal) + BULLA_SEAL_PERMIT_MS};
}

/* After a failure: was what failed done all the same? */
static enum bulla_status recover(struct bulla_seal *seal)
{
    if (reopen(seal) != BULLA_OK)
        return BULLA_FAILED;
    if (seal->trying && seal->events == seal->trying) {
        forget_first(seal);
        if (seal->board->ops->report)
            seal->board->ops->report(seal->board->context, &seal->note);
    }
    seal->stale = false;
    catch_up(seal);
    return BULLA_OK;
}

static enum bulla_status do_first(struct bulla_seal *seal)
{
    const struct bulla_seal_waiting *first = &seal->queue[0];
    struct seal_work work = bulla_seal_work((enum bulla_on)first->event.on, first->at_ms);
    work.note.surface = first->event.surface;
    work.note.who = (uint32_t)first->event.value;
    seal->trying = seal->events + 1;
    enum bulla_status status = bulla_seal_do(seal, &work);
    if (status == BULLA_OK)
        forget_first(seal);
    return status;
}

enum bulla_status bulla_seal_settle(struct bulla_seal *seal)
{
    enum bulla_status status = seal->stale ? recover(seal) : BULLA_OK;
    while (status == BULLA_OK && seal->queued)
        status = do_first(seal);
    if (status == BULLA_OK)
        settle_world(seal);
    return status;
}

/* ---- start ---- */

static enum bulla_status make_new(struct bulla_seal *seal, const struct bulla_seal_make *make)
{
    enum bulla_status status = bulla_zones_format(&seal->zones, &seal->board->zones, bulla_seal_zones, bulla_seal_n_zones);
    if (status == BULLA_OK)
        status = bulla_log_format(&seal->log, &seal->board->log, 1);
    return status == BULLA_OK ? bulla_seal_state_make(seal, make) : status;
}

static bool fits(const struct bulla_seal_board *board, const struct bulla_seal_make *make)
{
    return board->zones.n_sectors / 2 * board->zones.sector_size >= BULLA_SEAL_BANK_MIN && board->crystal.hz &&
           (!make || bulla_profile_row(make->profile));
}

enum bulla_status bulla_seal_start(struct bulla_seal *seal, const struct bulla_seal_board *board, const struct bulla_seal_make *make,
                                   uint32_t now)
{
    struct bulla_seal s = {.board = board, .counter = now};
    if (!fits(board, make))
        return BULLA_REFUSED;
    bulla_clock_init(&s.clock, now);
    enum bulla_status status = reopen(&s);
    bool made = status == BULLA_NOT_MINE && make;
    if (made)
        status = make_new(&s, make);
    if (status != BULLA_OK)
        return status;
    bulla_schedule_init(&s.schedule, 0);
    catch_up(&s);
    if (!made && bulla_profile_row(s.device.profile)->has & BULLA_TRAIT_BIT(BULLA_TRAIT_POWERED))
        s.queue[s.queued++] = (struct bulla_seal_waiting){{.on = BULLA_ON_POWER_BACK}, 0};
    status = bulla_seal_settle(&s);
    if (status == BULLA_OK)
        *seal = s;
    return status;
}

/* ---- events and time ---- */

static enum bulla_status happen(struct bulla_seal *seal, const struct bulla_seal_event *event)
{
    if (seal->queued == BULLA_SEAL_QUEUE) {
        seal->lost++;
        return BULLA_FULL;
    }
    seal->queue[seal->queued++] = (struct bulla_seal_waiting){*event, bulla_seal_running_ms(seal)};
    return bulla_seal_settle(seal);
}

enum bulla_status bulla_seal_event(struct bulla_seal *seal, const struct bulla_seal_event *event, uint32_t now)
{
    bulla_seal_tick(seal, now);
    if (event->on < BULLA_ON_SHACKLE_OPENED || event->on >= BULLA_EVENTS_OF_DEVICE || !bulla_surface_text(event->surface)[0])
        return BULLA_REFUSED;
    return happen(seal, event);
}

enum bulla_status bulla_seal_commission(struct bulla_seal *seal, struct bulla_bytes keys, uint32_t now)
{
    struct seal_work work;
    bulla_seal_tick(seal, now);
    if (bulla_seal_settle(seal) != BULLA_OK)
        return BULLA_FAILED;
    work = bulla_seal_work(BULLA_ON_COMMISSION, bulla_seal_running_ms(seal));
    work.facts = BULLA_FACT(AUTHORISED);
    work.keys = keys;
    enum bulla_status status = bulla_seal_do(seal, &work);
    return status == BULLA_OK && work.step.refusal ? BULLA_REFUSED : status;
}

static void look_at_battery(struct bulla_seal *seal)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    unsigned percent = ops->battery ? ops->battery(seal->board->context) : 100;
    bool low = seal->device.modes & BULLA_MODE(LOW);
    if (percent <= BULLA_SEAL_BATTERY_LOW && !low)
        (void)!happen(seal, &(struct bulla_seal_event){.on = BULLA_ON_BATTERY_LOW});
    if (percent >= BULLA_SEAL_BATTERY_LOW + 5 && low)
        (void)!happen(seal, &(struct bulla_seal_event){.on = BULLA_ON_BATTERY_GOOD});
}

/* Once after it was good: what was never set is not lost. */
static void look_at_clock(struct bulla_seal *seal)
{
    bool set = bulla_clock_now(&seal->clock) != BULLA_TIME_NONE;
    if (set && !seal->clock_told && !bulla_clock_good(&seal->clock, BULLA_SEAL_CLOCK_MS)) {
        seal->clock_told = true;
        (void)!happen(seal, &(struct bulla_seal_event){.on = BULLA_ON_CLOCK_LOST});
    }
}

static uint64_t look_at_schedule(struct bulla_seal *seal, uint64_t now_ms)
{
    struct bulla_pace pace = {.low = seal->device.modes & BULLA_MODE(LOW), .quiet = seal->device.modes & BULLA_MODE(QUIET)};
    if (!(bulla_profile_row(seal->device.profile)->has & BULLA_FUNCTION_BIT(BULLA_FUNCTION_CELLULAR)))
        return UINT64_MAX;
    struct bulla_due due = bulla_schedule_step(&seal->schedule, &seal->settings, pace, now_ms);
    if (due.report)
        (void)!happen(seal, &(struct bulla_seal_event){.on = BULLA_ON_REPORT_DUE});
    return due.next_ms;
}

static void show(struct bulla_seal *seal)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    bool other = false;
    for (unsigned i = 0; i < BULLA_INDICATORS; i++) {
        uint8_t look = (uint8_t)bulla_indicator_look(&seal->device, 0, (enum bulla_indicator)i);
        other |= look != seal->looks[i];
        seal->looks[i] = look;
    }
    if (other && ops->show)
        ops->show(seal->board->context, seal->looks);
}

uint32_t bulla_seal_turn(struct bulla_seal *seal, uint32_t now)
{
    bulla_seal_tick(seal, now);
    uint64_t now_ms = bulla_seal_running_ms(seal);
    (void)!bulla_seal_settle(seal); /* what fails is tried again in the next turn */
    if (seal->permit.runs && now_ms >= seal->permit.until_ms)
        (void)!happen(seal, &(struct bulla_seal_event){.on = BULLA_ON_PERMIT_EXPIRED});
    look_at_battery(seal);
    look_at_clock(seal);
    uint64_t next_ms = look_at_schedule(seal, now_ms);
    if (seal->permit.runs && seal->permit.until_ms < next_ms)
        next_ms = seal->permit.until_ms;
    show(seal);
    if (seal->stale || seal->lock_owed) /* also when a permission that is over could not be ended */
        return MS_PER_S;
    return next_ms - now_ms < BULLA_SEAL_TURN_MS ? (uint32_t)(next_ms - now_ms) : BULLA_SEAL_TURN_MS;
}
