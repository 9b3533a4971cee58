/* SPDX-License-Identifier: Apache-2.0
 *
 * What the actions of BULLA_ACT_TABLE are on a seal. Three groups, each in the order of the table: keys go before all
 * else, for to be without them is the safe side; what is remembered is within the transaction; the rest of the world follows it.
 * Actions that are not here are done by the modes of the device (remind, calm, hold), by the transaction itself (save, log)
 * or by whoever asked (answer).
 */
#include "bulla/cursor.h"
#include "bulla/gbt.h"

#include "libbulla/src/seal_inside.h"

#define BLANKS 128

enum bulla_status bulla_seal_blank(struct bulla_seal *seal, const struct seal_area *area)
{
    uint8_t blank[BLANKS];
    enum bulla_status status = BULLA_OK;
    bulla_fill(blank, area->blank, sizeof blank);
    for (unsigned at = 0; at < area->size && status == BULLA_OK; at += BLANKS) {
        size_t n = area->size - at < BLANKS ? area->size - at : BLANKS;
        status = bulla_zones_write(&seal->zones, area->id, (uint16_t)at, (struct bulla_bytes){blank, n});
    }
    return status;
}

/* ---- within ---- */

static enum bulla_status clear_random(struct bulla_seal *seal, struct seal_work *work)
{
    static const uint8_t cleared[2] = {0};
    (void)work;
    return bulla_zones_write(&seal->zones, BULLA_AREA_LABEL, BULLA_CONTAINER_LENGTH, (struct bulla_bytes){cleared, sizeof cleared});
}

static enum bulla_status clear_data(struct bulla_seal *seal, struct seal_work *work)
{
    static const uint8_t deleted[] = {BULLA_AREA_CONTAINER, BULLA_AREA_SECURITY, BULLA_AREA_CARGO, BULLA_AREA_NODES, BULLA_AREA_LABEL};
    static const struct seal_area file = {BULLA_AREA_FILE, SEAL_NOBODY, 0, BULLA_SEAL_FILE_SIZE};
    enum bulla_status status = bulla_seal_blank(seal, &file);
    (void)work;
    for (size_t i = 0; i < sizeof deleted && status == BULLA_OK; i++)
        status = bulla_seal_blank(seal, bulla_seal_area(deleted[i]));
    return status;
}

/* Other keys, other issuers: their tickets begin anew. */
static enum bulla_status forget_tickets(struct bulla_seal *seal, struct seal_work *work)
{
    (void)work;
    seal->spent = 0;
    for (unsigned i = 0; i < BULLA_SEAL_TRIES; i++)
        bulla_tries_right(&seal->tries[i]);
    return BULLA_OK;
}

static enum bulla_status store_data(struct bulla_seal *seal, struct seal_work *work)
{
    return bulla_zones_write(&seal->zones, work->area, work->offset, work->bytes);
}

static enum bulla_status apply(struct bulla_seal *seal, struct seal_work *work)
{
    seal->settings = *work->settings;
    return BULLA_OK;
}

/* Degrees with a sign and five places: "+12.34567", "-123.45678". */
static void put_degrees(struct bulla_writer *w, int32_t e7)
{
    uint32_t size = e7 < 0 ? 0u - (uint32_t)e7 : (uint32_t)e7;
    bulla_writer_put_text(w, e7 < 0 ? "-" : "+");
    bulla_writer_put_decimal(w, size / 10000000, 1);
    bulla_writer_put_text(w, ".");
    bulla_writer_put_decimal(w, size % 10000000 / 100, 5);
}

struct mark_room {
    uint8_t time[14], place[24], reader[8];
};

static struct bulla_gbt_mark mark_of(const struct bulla_seal_note *note, struct mark_room *room)
{
    struct bulla_calendar at = bulla_time_to_calendar((int64_t)note->time_s * 1000);
    struct bulla_writer time = bulla_writer_over(room->time, sizeof room->time), place = bulla_writer_over(room->place, sizeof room->place);
    bulla_writer_put_decimal(&time, (uint64_t)at.year, 4);
    const unsigned parts[] = {at.month, at.day, at.hour, at.minute, at.second};
    for (unsigned i = 0; i < 5; i++)
        bulla_writer_put_decimal(&time, parts[i], 2);
    if (note->spot.lat_e7 != BULLA_NO_COORDINATE) {
        put_degrees(&place, note->spot.lat_e7);
        put_degrees(&place, note->spot.lon_e7);
    }
    for (unsigned i = 0; i < sizeof room->reader; i++)
        room->reader[i] = (uint8_t) "0123456789ABCDEF"[note->who >> (28 - 4 * i) & 15];
    return (struct bulla_gbt_mark){.time = {room->time, time.len},
                                   .place = {room->place, place.len},
                                   .reader = {room->reader, note->belief == BULLA_BELIEF_ITSELF ? 0 : sizeof room->reader}};
}

/* Into a ring of GB/T 23678. Without a date there is nothing that the ring could hold; the log has the event all the same. */
static enum bulla_status ring(struct bulla_seal *seal, const struct seal_work *work,
                              enum bulla_status (*push)(struct bulla_gbt *, const struct bulla_gbt_mark *, struct bulla_fault *))
{
    static const uint8_t segments[] = {BULLA_AREA_INHERENT, BULLA_AREA_CONTAINER, BULLA_AREA_SECURITY};
    uint8_t bytes[BULLA_GBT_MANDATORY];
    struct mark_room room;
    struct bulla_fault fault;
    size_t at = 0, size = 0;
    if (!work->note.clock_set)
        return BULLA_OK;
    for (size_t i = 0; i < sizeof segments; i++) {
        at += size;
        size = bulla_seal_area(segments[i])->size;
        enum bulla_status status = bulla_zones_read(&seal->zones, segments[i], 0, bytes + at, (uint16_t)size);
        if (status == BULLA_DAMAGED) /* what has rotted is begun anew: the ring must not hold up what happened */
            bulla_fill(bytes + at, ' ', size);
        else if (status != BULLA_OK)
            return status;
    }
    struct bulla_gbt record = {.at = bytes, .len = sizeof bytes, .reading = BULLA_GBT_READING_RING, .cargo = BULLA_GBT_CARGO_NONE};
    struct bulla_gbt_mark mark = mark_of(&work->note, &room);
    (void)!push(&record, &mark, &fault); /* a date is there, all else are digits and signs: nothing to refuse */
    return bulla_zones_write(&seal->zones, BULLA_AREA_SECURITY, 0, (struct bulla_bytes){bytes + at, size});
}

static enum bulla_status ring_closed(struct bulla_seal *seal, struct seal_work *work)
{
    return ring(seal, work, bulla_gbt_close);
}

static enum bulla_status ring_opened(struct bulla_seal *seal, struct seal_work *work)
{
    return ring(seal, work, bulla_gbt_open);
}

static const struct {
    uint32_t action;
    enum bulla_status (*does)(struct bulla_seal *seal, struct seal_work *work);
} within[] = {
    {BULLA_ACT(CLEAR_RANDOM), clear_random}, {BULLA_ACT(CLEAR_DATA), clear_data}, {BULLA_ACT(NEW_KEYS), forget_tickets},
    {BULLA_ACT(STORE_DATA), store_data},     {BULLA_ACT(APPLY), apply},           {BULLA_ACT(RING_CLOSED), ring_closed},
    {BULLA_ACT(RING_OPENED), ring_opened},
};
#define N_WITHIN (sizeof within / sizeof *within)

enum bulla_status bulla_seal_act_within(struct bulla_seal *seal, struct seal_work *work)
{
    enum bulla_status status = BULLA_OK;
    for (size_t i = 0; i < N_WITHIN && status == BULLA_OK; i++)
        if (work->step.actions & within[i].action)
            status = within[i].does(seal, work);
    return status;
}

bool bulla_seal_act_keeps(uint32_t actions)
{
    uint32_t kept = BULLA_ACT(LOG) | BULLA_ACT(SAVE);
    for (size_t i = 0; i < N_WITHIN; i++)
        kept |= within[i].action;
    return actions & kept;
}

/* ---- before and after ---- */

bool bulla_seal_act_before(struct bulla_seal *seal, struct seal_work *work)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    void *context = seal->board->context;
    if (work->step.actions & BULLA_ACT(WIPE_KEYS)) {
        bulla_session_end(&seal->open);
        bulla_session_end(&seal->called);
        if (ops->wipe_keys && !ops->wipe_keys(context))
            return false;
    }
    return !(work->step.actions & BULLA_ACT(NEW_KEYS)) || (ops->new_keys && ops->new_keys(context, work->keys));
}

static void set_clock(struct bulla_seal *seal, const struct seal_work *work)
{
    seal->clock = *work->clock;
    seal->clock_told = false;
}

static void lock(struct bulla_seal *seal, const struct seal_work *work)
{
    (void)work;
    seal->locked = seal->lock_owed = true;
}

static void unlock(struct bulla_seal *seal, const struct seal_work *work)
{
    (void)work;
    seal->locked = false;
    seal->lock_owed = true;
}

static void permit_start(struct bulla_seal *seal, const struct seal_work *work)
{
    (void)work;
    seal->permit = (struct bulla_seal_permit){true, bulla_seal_running_ms(seal) + BULLA_SEAL_PERMIT_MS};
}

static void permit_stop(struct bulla_seal *seal, const struct seal_work *work)
{
    (void)work;
    seal->permit.runs = false;
}

/* Where it is: kept with the next event. */
static void fix(struct bulla_seal *seal, const struct seal_work *work)
{
    seal->spot = work->note.spot;
}

static void delete_for_good(struct bulla_seal *seal, const struct seal_work *work)
{
    (void)work;
    seal->compact_owed = true;
    seal->has_file = false;
}

static void report(struct bulla_seal *seal, const struct seal_work *work)
{
    if (seal->board->ops->report)
        seal->board->ops->report(seal->board->context, &work->note);
}

static const struct {
    uint32_t action;
    void (*does)(struct bulla_seal *seal, const struct seal_work *work);
} after[] = {
    {BULLA_ACT(CLEAR_DATA), delete_for_good}, {BULLA_ACT(SET_CLOCK), set_clock},     {BULLA_ACT(LOCK), lock}, {BULLA_ACT(UNLOCK), unlock},
    {BULLA_ACT(PERMIT_START), permit_start},  {BULLA_ACT(PERMIT_STOP), permit_stop}, {BULLA_ACT(FIX), fix},   {BULLA_ACT(REPORT), report},
};

void bulla_seal_act_after(struct bulla_seal *seal, struct seal_work *work)
{
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        if (work->step.actions & after[i].action)
            after[i].does(seal, work);
}
