/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seal keeps in its zones: which there are, the zone of its state, and the record that the log is to have.
 */
#include "bulla/cursor.h"

#include "libbulla/src/seal_inside.h"
#include "libbulla/src/word.h"

#define FORM       2 /* of the identity */
#define STATE_FORM 3

#define BULLA_ON_NONE SEAL_NOBODY

static const struct seal_area areas[] = {
#define X(name, id, bytes, on, blank, text) {id, BULLA_ON_##on, blank, bytes},
    BULLA_AREA_TABLE(X)
#undef X
};

const struct bulla_zone bulla_seal_zones[] = {
#define X(name, id, bytes, on, blank, text) {id, bytes},
    BULLA_AREA_TABLE(X)
#undef X
};

const uint8_t bulla_seal_n_zones = sizeof bulla_seal_zones / sizeof *bulla_seal_zones;

const struct seal_area *bulla_seal_area(unsigned id)
{
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
        if (areas[i].id == id && id < BULLA_AREA_IDENTITY)
            return &areas[i];
    return NULL;
}

/* ---- records ---- */

void bulla_seal_note_encode(const struct bulla_seal_note *note, struct bulla_log_event *event)
{
    *event = (struct bulla_log_event){note->on, note->state, note->clock_set, note->time_s, BULLA_LOG_DETAIL, {0}};
    struct bulla_writer w = bulla_writer_over(event->detail, sizeof event->detail);
    bulla_writer_put_u8(&w, note->before);
    bulla_writer_put_u8(&w, (uint8_t)(note->passage | note->belief << 4));
    bulla_writer_put_u8(&w, note->surface);
    bulla_writer_put_u8(&w, note->order);
    bulla_writer_put_u32(&w, note->who);
    bulla_writer_put_u32(&w, (uint32_t)note->spot.lat_e7);
    bulla_writer_put_u32(&w, (uint32_t)note->spot.lon_e7);
}

bool bulla_seal_note_decode(const struct bulla_log_event *event, struct bulla_seal_note *note)
{
    struct bulla_cursor c = bulla_cursor_over(event->detail, BULLA_LOG_DETAIL);
    if (event->n != BULLA_LOG_DETAIL)
        return false;
    struct bulla_seal_note n = {.on = event->kind, .state = event->state, .clock_set = event->clock_set, .time_s = event->time_s};
    n.before = bulla_cursor_get_u8(&c);
    uint8_t how = bulla_cursor_get_u8(&c);
    n.passage = how & 15;
    n.belief = how >> 4;
    n.surface = bulla_cursor_get_u8(&c);
    n.order = bulla_cursor_get_u8(&c);
    n.who = bulla_cursor_get_u32(&c);
    n.spot.lat_e7 = (int32_t)bulla_cursor_get_u32(&c);
    n.spot.lon_e7 = (int32_t)bulla_cursor_get_u32(&c);
    *note = n;
    return true;
}

/* ---- the zone of the state ---- */

static void put_record(struct bulla_writer *w, const struct bulla_seal_note *note)
{
    struct bulla_log_event event;
    bulla_seal_note_encode(note, &event);
    bulla_writer_put_u8(w, event.kind);
    bulla_writer_put_u8(w, event.state);
    bulla_writer_put_u8(w, event.clock_set);
    bulla_writer_put_u8(w, 0);
    bulla_writer_put_u32(w, event.time_s);
    bulla_writer_put(w, event.detail, sizeof event.detail);
}

static void get_record(struct bulla_cursor *c, struct bulla_seal_note *note)
{
    struct bulla_log_event event = {.n = BULLA_LOG_DETAIL};
    event.kind = bulla_cursor_get_u8(c);
    event.state = bulla_cursor_get_u8(c);
    event.clock_set = bulla_cursor_get_u8(c);
    bulla_cursor_skip(c, 1);
    event.time_s = bulla_cursor_get_u32(c);
    struct bulla_bytes detail = bulla_cursor_take(c, BULLA_LOG_DETAIL);
    bulla_copy(event.detail, detail.at, BULLA_LOG_DETAIL);
    (void)bulla_seal_note_decode(&event, note);
}

/* As BULLA_SEAL_STATE_TABLE has it. */
static void encode(const struct bulla_seal *seal, const struct bulla_device *device, const struct bulla_seal_note *note, uint32_t log_at,
                   uint8_t bytes[BULLA_SEAL_STATE_SIZE])
{
    struct bulla_writer w = bulla_writer_over(bytes, BULLA_SEAL_STATE_SIZE);
    bulla_writer_put_u8(&w, STATE_FORM);
    bulla_writer_put_u8(&w, device->profile);
    bulla_writer_put_u8(&w, device->state);
    bulla_writer_put_u8(&w, device->passage);
    bulla_writer_put_u32(&w, device->modes);
    bulla_writer_put_u32(&w, device->journeys);
    bulla_writer_put_u32(&w, device->refused);
    bulla_writer_put_u32(&w, seal->events);
    bulla_writer_put_u32(&w, log_at);
    put_record(&w, note);
    bulla_writer_put_u32(&w, seal->spent);
    bulla_writer_put_u64(&w, (uint64_t)seal->floor_ms);
    bulla_writer_put_u32(&w, (uint32_t)seal->spot.lat_e7);
    bulla_writer_put_u32(&w, (uint32_t)seal->spot.lon_e7);
    for (unsigned i = 0; i < BULLA_IGNORED; i++)
        bulla_writer_put_u32(&w, seal->counts[i]);
    for (unsigned i = 0; i < BULLA_SETTINGS; i++)
        bulla_writer_put_u32(&w, seal->settings.value[i]);
    bulla_seal_tries_encode(seal, bytes + SEAL_TRIES_AT);
}

static void get_device(struct bulla_cursor *c, struct bulla_device *device)
{
    device->profile = bulla_cursor_get_u8(c);
    device->state = bulla_cursor_get_u8(c);
    device->passage = bulla_cursor_get_u8(c);
    device->modes = bulla_cursor_get_u32(c);
    device->journeys = bulla_cursor_get_u32(c);
    device->refused = bulla_cursor_get_u32(c);
}

/* What follows the device. */
static void decode(struct bulla_seal *seal, struct bulla_cursor *c)
{
    seal->events = bulla_cursor_get_u32(c);
    seal->log_at = bulla_cursor_get_u32(c);
    get_record(c, &seal->note);
    seal->spent = bulla_cursor_get_u32(c);
    seal->floor_ms = (int64_t)bulla_cursor_get_u64(c);
    seal->spot.lat_e7 = (int32_t)bulla_cursor_get_u32(c);
    seal->spot.lon_e7 = (int32_t)bulla_cursor_get_u32(c);
    for (unsigned i = 0; i < BULLA_IGNORED; i++)
        seal->counts[i] = bulla_cursor_get_u32(c);
    for (unsigned i = 0; i < BULLA_SETTINGS; i++)
        seal->settings.value[i] = bulla_cursor_get_u32(c);
}

enum bulla_status bulla_seal_state_load(struct bulla_seal *seal)
{
    uint8_t bytes[BULLA_SEAL_STATE_SIZE];
    struct bulla_device device;
    enum bulla_status status = bulla_zones_read(&seal->zones, BULLA_AREA_STATE, 0, bytes, sizeof bytes);
    if (status != BULLA_OK)
        return status;
    struct bulla_cursor c = bulla_cursor_over(bytes + 1, sizeof bytes - 1);
    get_device(&c, &device);
    if (bytes[0] != STATE_FORM || device.profile != seal->device.profile || !bulla_device_valid(&device))
        return BULLA_DAMAGED;
    seal->device = device;
    decode(seal, &c);
    bulla_seal_tries_decode(seal, bytes + SEAL_TRIES_AT);
    return BULLA_OK;
}

_Static_assert(SEAL_TRIES_AT + SEAL_TRIES_SIZE == BULLA_SEAL_STATE_SIZE, "they are the last of it");

static void start_anew(struct bulla_seal *seal)
{
    bulla_settings_init(&seal->settings);
    seal->floor_ms = BULLA_TIME_NONE;
    seal->spot = (struct bulla_spot){BULLA_NO_COORDINATE, BULLA_NO_COORDINATE};
}

void bulla_seal_state_rescue(struct bulla_seal *seal)
{
    struct bulla_device device = {.profile = seal->device.profile, .state = BULLA_DEVICE_TAMPERED_CLOSED};
    if (seal->log.any)
        device.state = seal->log.newest.event.state;
    device.modes =
        BULLA_MODE(GAP) | (device.state >= BULLA_DEVICE_SEALED && device.state <= BULLA_DEVICE_TAMPERED_RELEASED ? BULLA_MODE(JOURNEY) : 0);
    if (!bulla_device_valid(&device))
        device.state = BULLA_DEVICE_TAMPERED_CLOSED;
    start_anew(seal);
    seal->device = device;
    seal->spent = UINT32_MAX;
    bulla_seal_tries_lost(seal);
    seal->log_at = 0;
}

/* ---- what it is ---- */

enum bulla_status bulla_seal_identity_load(struct bulla_seal *seal)
{
    uint8_t bytes[BULLA_SEAL_IDENTITY_SIZE];
    enum bulla_status status = bulla_zones_read(&seal->zones, BULLA_AREA_IDENTITY, 0, bytes, sizeof bytes);
    if (status != BULLA_OK)
        return status;
    if (bytes[0] != FORM)
        return BULLA_NOT_MINE;
    struct bulla_cursor c = bulla_cursor_over(bytes + 1, sizeof bytes - 1);
    (void)bulla_device_init(&seal->device, bulla_cursor_get_u8(&c)); /* it was good when it was written, and its check value holds */
    seal->address.maker = bulla_cursor_get_u16(&c);
    seal->address.serial = bulla_cursor_get_u32(&c);
    seal->model = bulla_cursor_get_u32(&c);
    bulla_copy(seal->alpha, bulla_cursor_take(&c, sizeof seal->alpha).at, sizeof seal->alpha);
    seal->proven = bulla_cursor_get_u8(&c);
    return BULLA_OK;
}

static enum bulla_status identity_write(struct bulla_seal *seal, const struct bulla_seal_make *make)
{
    uint8_t bytes[BULLA_SEAL_IDENTITY_SIZE] = {FORM};
    struct bulla_writer w = bulla_writer_over(bytes + 1, sizeof bytes - 1);
    bulla_writer_put_u8(&w, make->profile);
    bulla_writer_put_u16(&w, make->address.maker);
    bulla_writer_put_u32(&w, make->address.serial);
    bulla_writer_put_u32(&w, make->model);
    bulla_writer_put(&w, make->alpha, sizeof make->alpha);
    bulla_writer_put_u8(&w, make->proven);
    return bulla_zones_write(&seal->zones, BULLA_AREA_IDENTITY, 0, (struct bulla_bytes){bytes, sizeof bytes});
}

enum bulla_status bulla_seal_state_write(struct bulla_seal *seal, const struct bulla_device *device, const struct bulla_seal_note *note,
                                         uint32_t log_at)
{
    uint8_t bytes[BULLA_SEAL_STATE_SIZE];
    encode(seal, device, note, log_at, bytes);
    return bulla_zones_write(&seal->zones, BULLA_AREA_STATE, 0, (struct bulla_bytes){bytes, sizeof bytes});
}

static enum bulla_status first_write(struct bulla_seal *seal, const struct seal_area *area, const struct bulla_seal_make *make)
{
    if (area->id == BULLA_AREA_IDENTITY)
        return identity_write(seal, make);
    if (area->id == BULLA_AREA_STATE)
        return bulla_seal_state_write(seal, &seal->device, &seal->note, 0);
    if (area->id == BULLA_AREA_INHERENT && make->inherent)
        return bulla_zones_write(&seal->zones, area->id, 0, (struct bulla_bytes){make->inherent, area->size});
    return bulla_seal_blank(seal, area);
}

/* The first transaction of a new seal: what it is, its state, and all of its data blank. */
enum bulla_status bulla_seal_state_make(struct bulla_seal *seal, const struct bulla_seal_make *make)
{
    (void)bulla_device_init(&seal->device, make->profile);
    seal->address = make->address;
    seal->model = make->model;
    bulla_copy(seal->alpha, make->alpha, sizeof seal->alpha);
    seal->proven = make->proven;
    start_anew(seal);
    enum bulla_status status = bulla_zones_begin(&seal->zones);
    for (size_t i = 0; i < sizeof areas / sizeof *areas && status == BULLA_OK; i++)
        status = first_write(seal, &areas[i], make);
    return status == BULLA_OK ? bulla_zones_commit(&seal->zones) : status;
}

/* ---- words ---- */

/* clang-format off */
#define WORDS(noun, ...)                                                     \
    static const struct word noun##_words[] = {__VA_ARGS__};                 \
    const char *bulla_##noun(unsigned number) { return WORD_FIND(noun##_words, number); }

#define X(name, id, bytes, on, blank, text) {id, text},
WORDS(area_text, BULLA_AREA_TABLE(X))
#undef X
#define X(name, number, text) {number, text},
WORDS(surface_text, BULLA_SURFACE_TABLE(X))
WORDS(belief_text, BULLA_BELIEF_TABLE(X))
WORDS(ignored_text, BULLA_IGNORED_TABLE(X))
#undef X
/* clang-format on */
