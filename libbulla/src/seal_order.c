/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders: what each needs before it goes through the device's table, and what it answers after that. One row an order.
 */
#include "bulla/cursor.h"

#include "libbulla/src/seal_inside.h"

struct order_room { /* what work points to while an order is on its way */
    struct bulla_settings settings;
    struct bulla_clock clock;
    struct bulla_calibration calibration;
    uint8_t file[BULLA_SEAL_FILE_SIZE];
};

/* ---- memory ---- */

static unsigned reads_memory(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    const struct seal_area *area = bulla_seal_area((unsigned)ask->message.value[BULLA_ASK_READ_MEMORY_ZONE]);
    (void)seal, (void)work, (void)room;
    if (!area)
        return BULLA_NACK_NOT_FOUND;
    return ask->message.value[BULLA_ASK_READ_MEMORY_OFFSET] > area->size ? BULLA_NACK_BOUNDARY : 0;
}

static unsigned writes_memory(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    const struct bulla_link_message *m = &ask->message;
    const struct seal_area *area = bulla_seal_area((unsigned)m->value[BULLA_ASK_WRITE_MEMORY_ZONE]);
    uint64_t offset = m->value[BULLA_ASK_WRITE_MEMORY_OFFSET];
    (void)seal, (void)room;
    if (!area)
        return BULLA_NACK_NOT_FOUND;
    if (area->on == SEAL_NOBODY)
        return BULLA_NACK_READ_ONLY;
    if (offset + m->rest.len > area->size)
        return BULLA_NACK_BOUNDARY;
    work->on = (enum bulla_on)area->on;
    work->area = area->id;
    work->offset = (uint16_t)offset;
    work->bytes = m->rest;
    return 0;
}

/* The first byte of the security data is what the seal is now; nobody writes it. */
static bool memory_read(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    const uint64_t *asked = ask->message.value;
    const struct seal_area *area = bulla_seal_area((unsigned)asked[BULLA_ASK_READ_MEMORY_ZONE]);
    uint16_t offset = (uint16_t)asked[BULLA_ASK_READ_MEMORY_OFFSET], n = (uint16_t)asked[BULLA_ASK_READ_MEMORY_LENGTH];
    (void)room;
    if (n > area->size - offset)
        n = (uint16_t)(area->size - offset);
    if (n && bulla_zones_read(&seal->zones, area->id, offset, answer->room, n) != BULLA_OK)
        return false;
    if (area->id == BULLA_AREA_SECURITY && offset == 0)
        answer->room[0] = bulla_device_shows(&seal->device) == BULLA_SHOWS_SECURE ? 'Y' : 'N';
    answer->message.value[BULLA_ANSWER_READ_MEMORY_ZONE] = area->id;
    answer->message.value[BULLA_ANSWER_READ_MEMORY_OFFSET] = offset;
    answer->message.value[BULLA_ANSWER_READ_MEMORY_SIZE] = area->size;
    answer->message.rest = (struct bulla_bytes){answer->room, n};
    seal->place = (struct bulla_seal_place){ask->message.code, area->id, offset + n, ask->who};
    return true;
}

/* ---- the log ---- */

static void put_record(struct bulla_writer *w, const struct bulla_log_record *record)
{
    const struct bulla_log_event *event = &record->event;
    static const uint8_t spare[3] = {0};
    bulla_writer_put_u32(w, record->counter);
    bulla_writer_put_u8(w, event->kind);
    bulla_writer_put_u8(w, event->state);
    bulla_writer_put_u8(w, (uint8_t)((event->clock_set ? 0x80 : 0) | event->n));
    bulla_writer_put(w, spare, sizeof spare);
    bulla_writer_put_u32(w, event->time_s);
    bulla_writer_put(w, event->detail, sizeof event->detail);
}

static bool log_read(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    uint64_t next = ask->message.value[BULLA_ASK_READ_LOG_NEXT];
    struct bulla_log_cursor cursor = {.next = next ? next : seal->log.start};
    struct bulla_writer w = bulla_writer_over(answer->room, sizeof answer->room);
    uint64_t *said = answer->message.value;
    enum bulla_status status = BULLA_OK;
    (void)room;
    for (uint64_t i = 0; i < ask->message.value[BULLA_ASK_READ_LOG_MOST]; i++) {
        struct bulla_log_record record;
        status = bulla_log_read(&seal->log, &cursor, &record);
        if (status != BULLA_OK)
            break;
        put_record(&w, &record);
    }
    if (status == BULLA_FAILED)
        return false;
    said[BULLA_ANSWER_READ_LOG_NEXT] = cursor.next;
    said[BULLA_ANSWER_READ_LOG_OVERWRITTEN] = cursor.overwritten;
    said[BULLA_ANSWER_READ_LOG_UNREADABLE] = cursor.unreadable < 0xFFFF ? cursor.unreadable : 0xFFFF;
    said[BULLA_ANSWER_READ_LOG_MORE] = cursor.next < seal->log.next;
    answer->message.rest = (struct bulla_bytes){answer->room, w.len};
    seal->place = (struct bulla_seal_place){ask->message.code, 0, (uint32_t)cursor.next, ask->who};
    return true;
}

/* ---- clock and settings ---- */

static unsigned sets_clock(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    const uint64_t *asked = ask->message.value;
    if (asked[BULLA_ASK_SET_CLOCK_TIME] > INT64_MAX / 1000) /* nobody means the year 294247 */
        return BULLA_NACK_PARAMETER;
    room->clock = seal->clock;
    room->calibration =
        bulla_clock_calibrate(&room->clock, (int64_t)asked[BULLA_ASK_SET_CLOCK_TIME], (uint32_t)asked[BULLA_ASK_SET_CLOCK_PRECISION]);
    work->clock = &room->clock;
    return 0;
}

static bool clock_set(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    (void)seal, (void)ask;
    answer->message.value[BULLA_ANSWER_SET_CLOCK_ERROR] = (uint64_t)room->calibration.error_ms;
    answer->message.value[BULLA_ANSWER_SET_CLOCK_VIOLATED] = room->calibration.violated;
    return true;
}

static bool clock_got(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    int64_t bound = bulla_clock_bound(&seal->clock);
    (void)ask, (void)room;
    answer->message.value[BULLA_ANSWER_GET_CLOCK_TIME] = (uint64_t)bulla_clock_now(&seal->clock);
    answer->message.value[BULLA_ANSWER_GET_CLOCK_BOUND] = bound < UINT32_MAX ? (uint64_t)bound : UINT32_MAX;
    return true;
}

static unsigned configures(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    const uint64_t *asked = ask->message.value;
    struct bulla_fault fault;
    room->settings = seal->settings;
    work->settings = &room->settings;
    return bulla_settings_set(&room->settings, (enum bulla_setting)asked[BULLA_ASK_CONFIGURE_SETTING],
                              (uint32_t)asked[BULLA_ASK_CONFIGURE_VALUE], &fault) == BULLA_OK
               ? 0
               : BULLA_NACK_PARAMETER;
}

static bool setting_got(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    uint64_t setting = ask->message.value[BULLA_ASK_GET_SETTING_SETTING];
    (void)room;
    answer->message.value[BULLA_ANSWER_GET_SETTING_SETTING] = setting;
    answer->message.value[BULLA_ANSWER_GET_SETTING_VALUE] = seal->settings.value[setting];
    return true;
}

/* ---- who and how it is ---- */

static bool block(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    size_t n;
    (void)ask, (void)room;
    if (bulla_seal_block(seal, answer->room, &n) != BULLA_OK)
        return false;
    answer->message.rest = (struct bulla_bytes){answer->room, n};
    return true;
}

#define COLLECTED 16 /* bytes of an answer to a collection beside the block: a frame without data, and the kind */

/* In a slot by chance, unless it was told to sleep. Without chance it would meet the same seals again and again: then it is silent. */
static bool collected(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    const uint64_t *asked = ask->message.value;
    uint8_t chance[4];
    if ((ask->session == seal->asleep_for && bulla_seal_running_ms(seal) < seal->awake_ms) || !block(seal, ask, room, answer) ||
        !seal->board->ops->random(seal->board->context, chance, sizeof chance))
        return false;
    uint64_t longest = asked[BULLA_ASK_COLLECT_LONGEST];
    if (longest && answer->message.rest.len + COLLECTED > longest)
        return false;
    struct bulla_cursor c = bulla_cursor_over(chance, sizeof chance);
    answer->slot = (uint16_t)(1 + bulla_cursor_get_u32(&c) % asked[BULLA_ASK_COLLECT_WINDOW]);
    return true;
}

/* Only for that reader: another one in reach finds it all the same. */
static void sleep(struct bulla_seal *seal, uint16_t session)
{
    seal->asleep_for = session;
    seal->awake_ms = bulla_seal_running_ms(seal) + BULLA_LINK_AWAKE_MS;
}

static bool asleep(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    (void)room, (void)answer;
    sleep(seal, ask->session);
    return true;
}

static bool perhaps_asleep(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    const uint64_t *asked = ask->message.value;
    (void)room, (void)answer;
    if (asked[BULLA_ASK_SLEEP_ALL_BUT_MAKER] != seal->address.maker || asked[BULLA_ASK_SLEEP_ALL_BUT_SERIAL] != seal->address.serial)
        sleep(seal, ask->session);
    return false;
}

static bool firmware(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    (void)ask, (void)room;
    answer->message.value[BULLA_ANSWER_FIRMWARE_VERSION] = seal->board->firmware;
    return true;
}

static bool model(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    (void)ask, (void)room;
    answer->message.value[BULLA_ANSWER_MODEL_MODEL] = seal->model;
    answer->message.value[BULLA_ANSWER_MODEL_PROFILE] = seal->device.profile;
    return true;
}

static bool beep(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    (void)room, (void)answer;
    if (seal->board->ops->beep)
        seal->board->ops->beep(seal->board->context, (unsigned)ask->message.value[BULLA_ASK_BEEP_TIMES]);
    return true;
}

static uint8_t celsius_of(const struct bulla_seal *seal)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    int32_t milli = ops->celsius_milli ? ops->celsius_milli(seal->board->context) : BULLA_NO_TEMPERATURE;
    return (uint8_t)(milli < -127000 || milli > 127000 ? 0x80 : milli / 1000);
}

static bool status(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    const struct bulla_device *device = &seal->device;
    unsigned battery = ops->battery ? ops->battery(seal->board->context) : 100;
    (void)ask, (void)room;
    const uint64_t said[] = {
        [BULLA_ANSWER_STATUS_PROFILE] = device->profile,
        [BULLA_ANSWER_STATUS_STATE] = device->state,
        [BULLA_ANSWER_STATUS_SHOWS] = bulla_device_shows(device),
        [BULLA_ANSWER_STATUS_PASSAGE] = device->passage,
        [BULLA_ANSWER_STATUS_MODES] = device->modes,
        [BULLA_ANSWER_STATUS_JOURNEYS] = device->journeys,
        [BULLA_ANSWER_STATUS_SPENT] = seal->spent,
        [BULLA_ANSWER_STATUS_BATTERY] = battery < 100 ? battery : 100,
        [BULLA_ANSWER_STATUS_TEMPERATURE] = celsius_of(seal),
        [BULLA_ANSWER_STATUS_SHACKLE] = ops->shackle_out(seal->board->context),
        [BULLA_ANSWER_STATUS_KEYS] = seal->proven,
        [BULLA_ANSWER_STATUS_OLDEST] = seal->log.oldest,
        [BULLA_ANSWER_STATUS_NEXT] = seal->log.next,
        [BULLA_ANSWER_STATUS_REFUSED] = device->refused,
        [BULLA_ANSWER_STATUS_DAMAGED] = seal->counts[BULLA_IGNORED_DAMAGED],
        [BULLA_ANSWER_STATUS_UNKNOWN] = seal->counts[BULLA_IGNORED_UNKNOWN],
        [BULLA_ANSWER_STATUS_REPLAYED] = seal->counts[BULLA_IGNORED_REPLAYED],
        [BULLA_ANSWER_STATUS_UNPROVEN] = seal->counts[BULLA_IGNORED_UNPROVEN],
    };
    bulla_copy(answer->message.value, said, sizeof said);
    return true;
}

/* ---- place ---- */

/* A ticket lets a proven reader (so there are keys) do this once. Its counter is stored in the transaction that it permits. False: a
 * wrong one could not be stored. */
static bool look_at_ticket(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work)
{
    const struct bulla_party *party = bulla_seal_party(seal);
    const struct bulla_seal_ops *ops = seal->board->ops;
    struct bulla_ticket_facts facts = {.device = seal->address, .counter = seal->spent, .moment = bulla_seal_moment(seal)};
    struct bulla_ticket ticket;
    enum bulla_ticket_refusal refusal;
    facts.operation = ask->message.code == BULLA_ORDER_SEAL ? BULLA_TICKET_TO_SEAL : BULLA_TICKET_TO_UNSEAL;
    if (ops->position) {
        struct bulla_spot own = ops->position(seal->board->context);
        facts.has_position = own.lat_e7 != BULLA_NO_COORDINATE;
        facts.lat_e7 = own.lat_e7;
        facts.lon_e7 = own.lon_e7;
    }
    work->facts &= ~BULLA_FACT(AUTHORISED);
    if (!bulla_seal_tries_may(seal, BULLA_SEAL_TRY_TICKET))
        return true;
    if (bulla_ticket_check(party->suite, party->trust, &facts, ask->message.rest, &ticket, &refusal) != BULLA_OK) {
        bulla_seal_ignore(seal, refusal == BULLA_TICKET_SPENT ? BULLA_IGNORED_REPLAYED : BULLA_IGNORED_UNPROVEN);
        return refusal != BULLA_TICKET_SIGNATURE || bulla_seal_tries_wrong(seal, BULLA_SEAL_TRY_TICKET);
    }
    work->facts |= BULLA_FACT(AUTHORISED);
    work->spent = ticket.counter;
    bulla_tries_right(&seal->tries[BULLA_SEAL_TRY_TICKET]);
    bulla_seal_proven_time(seal, ticket.from_s);
    return true;
}

/* Where the reader says that it is: into rings and log, when the seal has no receiver of its own. */
static unsigned permits(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    const uint64_t *asked = ask->message.value; /* the fields of SEAL and UNSEAL lie alike */
    (void)room;
    work->told.lat_e7 = (int32_t)(uint32_t)asked[BULLA_ASK_SEAL_LATITUDE];
    work->told.lon_e7 = (int32_t)(uint32_t)asked[BULLA_ASK_SEAL_LONGITUDE];
    if (ask->belief != BULLA_BELIEF_PROVEN)
        work->note.who = (uint32_t)asked[BULLA_ASK_SEAL_READER];
    bool asks = seal->proven && work->facts & BULLA_FACT(AUTHORISED);
    return asks && !look_at_ticket(seal, ask, work) ? SEAL_SILENT : 0;
}

static bool located(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    (void)ask, (void)room;
    answer->message.value[BULLA_ANSWER_LOCATE_LATITUDE] = (uint32_t)seal->spot.lat_e7;
    answer->message.value[BULLA_ANSWER_LOCATE_LONGITUDE] = (uint32_t)seal->spot.lon_e7;
    return true;
}

/* ---- the file ---- */

static unsigned begins_file(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    work->area = BULLA_AREA_FILE;
    work->bytes = (struct bulla_bytes){room->file, sizeof room->file};
    return bulla_seal_file_begins(seal, ask->message.rest, room->file);
}

static bool file_begun(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    (void)ask, (void)room, (void)answer;
    return bulla_seal_file_load(seal) == BULLA_OK;
}

static unsigned needs_file(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    (void)ask, (void)work, (void)room;
    return seal->has_file ? 0 : BULLA_NACK_NOT_FOUND;
}

static bool file_taken(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    unsigned why = bulla_seal_file_take(seal, (uint32_t)ask->message.value[BULLA_ASK_WRITE_FILE_OFFSET], ask->message.rest);
    (void)room;
    answer->nack = (uint8_t)why;
    answer->message.value[BULLA_ANSWER_WRITE_FILE_RECEIVED] = seal->file.received;
    return why != SEAL_SILENT;
}

static bool file_read(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    uint32_t offset = (uint32_t)ask->message.value[BULLA_ASK_READ_FILE_OFFSET];
    size_t n = (size_t)ask->message.value[BULLA_ASK_READ_FILE_LENGTH];
    (void)room;
    if (!bulla_seal_file_read(seal, offset, answer->room, &n))
        return false;
    answer->message.value[BULLA_ANSWER_READ_FILE_OFFSET] = offset;
    answer->message.rest = (struct bulla_bytes){answer->room, n};
    seal->place = (struct bulla_seal_place){ask->message.code, 0, offset + (uint32_t)n, ask->who};
    return true;
}

static bool file_told(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer)
{
    struct bulla_fault fault;
    (void)ask, (void)room;
    answer->message.value[BULLA_ANSWER_FILE_ABOUT_RECEIVED] = seal->file.received;
    answer->message.value[BULLA_ANSWER_FILE_ABOUT_WHOLE] = seal->file.whole;
    answer->message.rest.at = answer->room;
    return bulla_attachment_encode(&seal->file.about, answer->room, &answer->message.rest.len, &fault) == BULLA_OK;
}

/* ---- the table ---- */

static unsigned commissions(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room)
{
    (void)seal, (void)room;
    work->keys = ask->message.rest;
    return 0;
}

/* `needs`: a reason to refuse, SEAL_SILENT, or 0 and what the work carries. `tells`: fills the answer; false: silent. NULL: nothing to do.
 */
static const struct {
    uint8_t code;
    unsigned (*needs)(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_work *work, struct order_room *room);
    bool (*tells)(struct bulla_seal *seal, const struct seal_ask *ask, const struct order_room *room, struct seal_answer *answer);
} rows[] = {
    {BULLA_ORDER_COLLECT, NULL, collected},
    {BULLA_ORDER_SLEEP, NULL, asleep},
    {BULLA_ORDER_SLEEP_ALL_BUT, NULL, perhaps_asleep},
    {BULLA_ORDER_FIRMWARE, NULL, firmware},
    {BULLA_ORDER_MODEL, NULL, model},
    {BULLA_ORDER_READ_DATA, NULL, block},
    {BULLA_ORDER_BEEP, NULL, beep},
    {BULLA_ORDER_STATUS, NULL, status},
    {BULLA_ORDER_GET_CLOCK, NULL, clock_got},
    {BULLA_ORDER_READ_MEMORY, reads_memory, memory_read},
    {BULLA_ORDER_WRITE_MEMORY, writes_memory, NULL},
    {BULLA_ORDER_READ_LOG, NULL, log_read},
    {BULLA_ORDER_FILE_ABOUT, needs_file, file_told},
    {BULLA_ORDER_FILE_BEGIN, begins_file, file_begun},
    {BULLA_ORDER_READ_FILE, needs_file, file_read},
    {BULLA_ORDER_WRITE_FILE, needs_file, file_taken},
    {BULLA_ORDER_SET_CLOCK, sets_clock, clock_set},
    {BULLA_ORDER_GET_SETTING, NULL, setting_got},
    {BULLA_ORDER_CONFIGURE, configures, NULL},
    {BULLA_ORDER_LOCATE, NULL, located},
    {BULLA_ORDER_SEAL, permits, NULL},
    {BULLA_ORDER_UNSEAL, permits, NULL},
    {BULLA_ORDER_COMMISSION, commissions, NULL},
    {BULLA_ORDER_INITIALISE, NULL, NULL},
    {BULLA_ORDER_RETURN, NULL, NULL},
    {BULLA_ORDER_RETIRE, NULL, NULL},
    {BULLA_ORDER_ACKNOWLEDGE, NULL, NULL},
    {BULLA_ORDER_FLIGHT_BEGIN, NULL, NULL},
    {BULLA_ORDER_FLIGHT_END, NULL, NULL},
};
#define N_ROWS (sizeof rows / sizeof *rows)

/* Why the device refuses, in the words of the link. What is not here is out of its order. */
static const struct {
    uint8_t refusal, nack;
} reasons[] = {
    {BULLA_REFUSAL_CLASS, BULLA_NACK_CODE},           {BULLA_REFUSAL_PROFILE, BULLA_NACK_CODE},
    {BULLA_REFUSAL_AUTHORITY, BULLA_NACK_AUTHORITY},  {BULLA_REFUSAL_PASSWORD, BULLA_NACK_AUTHORITY},
    {BULLA_REFUSAL_RETIRED, BULLA_NACK_AUTHORITY},    {BULLA_REFUSAL_READ_ONLY, BULLA_NACK_READ_ONLY},
    {BULLA_REFUSAL_WRITE_ONCE, BULLA_NACK_READ_ONLY},
};

static void refuse(struct seal_answer *answer, enum bulla_refusal refusal)
{
    answer->refusal = (uint8_t)refusal;
    answer->nack = BULLA_NACK_SEQUENCE;
    answer->silent = refusal == BULLA_REFUSAL_QUIET || refusal == BULLA_REFUSAL_NO_POWER;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].refusal == refusal)
            answer->nack = reasons[i].nack;
}

/* The rest of what was begun to be read or sent: that is one record in the log, however many frames it takes. */
static bool goes_on(const struct bulla_seal *seal, const struct seal_ask *ask)
{
    const struct bulla_seal_place *place = &seal->place;
    const uint64_t *asked = ask->message.value;
    if (ask->message.code == BULLA_ORDER_WRITE_FILE) /* its beginning is in the log */
        return true;
    if (place->code != ask->message.code || place->who != ask->who)
        return false;
    if (place->code == BULLA_ORDER_READ_FILE)
        return asked[BULLA_ASK_READ_FILE_OFFSET] == place->next;
    if (place->code == BULLA_ORDER_READ_LOG)
        return asked[BULLA_ASK_READ_LOG_NEXT] == place->next;
    return asked[BULLA_ASK_READ_MEMORY_ZONE] == place->zone && asked[BULLA_ASK_READ_MEMORY_OFFSET] == place->next;
}

static bool authorised(const struct bulla_seal *seal, const struct seal_ask *ask)
{
    if (ask->order->access == BULLA_ACCESS_OPEN || !seal->proven)
        return true;
    return ask->belief == BULLA_BELIEF_PROVEN && (ask->rights & ask->order->right) == ask->order->right;
}

static void answer_row(struct bulla_seal *seal, const struct seal_ask *ask, size_t row, struct seal_answer *answer)
{
    struct order_room room;
    struct seal_work work = bulla_seal_work((enum bulla_on)ask->order->event, bulla_seal_running_ms(seal));
    work.facts = authorised(seal, ask) ? BULLA_FACT(AUTHORISED) : 0;
    work.note.belief = ask->belief;
    work.note.who = ask->who;
    work.note.order = ask->message.code;
    unsigned why = rows[row].needs ? rows[row].needs(seal, ask, &work, &room) : 0;
    answer->nack = (uint8_t)why;
    answer->silent = why == SEAL_SILENT;
    if (why)
        return;
    if (goes_on(seal, ask)) {
        work.step = bulla_device_step(&seal->device, work.on, work.facts);
    } else if (bulla_seal_do(seal, &work) != BULLA_OK) {
        answer->silent = true;
        return;
    }
    if (work.step.refusal)
        refuse(answer, work.step.refusal);
    else
        answer->silent = !(work.step.actions & BULLA_ACT(ANSWER)) || (rows[row].tells && !rows[row].tells(seal, ask, &room, answer));
}

void bulla_seal_order(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_answer *answer)
{
    *answer = (struct seal_answer){.message = {.code = ask->message.code, .part = BULLA_PART_ANSWER}};
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].code == ask->message.code) {
            answer_row(seal, ask, i, answer);
            return;
        }
    answer->nack = BULLA_NACK_CODE;
}
