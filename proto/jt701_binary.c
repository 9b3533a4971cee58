/* SPDX-License-Identifier: Apache-2.0
 *
 * jt701: binary frames. Numbers are big-endian, times are UTC, BCD is packed decimal.
 *
 * Long frame (locks): byte 8, the high byte of a length below 256, is zero
 *   off  size  meaning
 *   0    1     '$'
 *   1    5     device id, BCD
 *   6    1     version: 01 GL600, 16 and 17 JT701, 19 JT701D
 *   7    1     device type (high nibble), data type: 1 now, 2 alarm, 3 stored, 4 kept shortly
 *   8    2     L, from the date to the serial; the frame has L + 10 bytes; 35, 39 and 52 are known
 *   10   17    position (below)
 *   27   4     mileage, km
 *   31   1     satellites
 *   32   4     vehicle number, mostly 0
 *   36   2     status (enum status)
 *   38   1     battery percent, FF: charging and level unknown
 *   39   2     cell, low 16 bits
 *   41   2     LAC
 *   43   1     signal as CSQ, 99: none
 *   44   1     L >= 39: fence number 1 .. 10
 *   45   1     L >= 52: low nibble wake source
 *   46   1     L >= 52: high byte of the MNC, 0F: there is none
 *   48   8     reserved for the IMEI
 *   56   2     L >= 52: cell, high 16 bits
 *   58   2     L >= 52: MCC
 *   60   1     L >= 52: MNC
 *   L+9  1     serial
 *
 * Short frame (vehicle units): no version, the length a byte earlier
 *   6    1     layout 1 .. 3 (high nibble), data type
 *   7    2     L = 27 * records, without the serial; the frame has L + 10 bytes
 *   9    27    record: position (17), then by layout
 *              1: satellites, power percent, flags, altitude u16 m, cell u16, LAC u16, CSQ
 *              2: fuel high, status u32, mileage u32 km, fuel low
 *              3: three fuel levels of 12 bits, mileage of 20 bits km, status of 24 bits
 *   L+9  1     serial
 *
 * Position
 *   0    3     date DDMMYY, BCD        3    3     time hhmmss, BCD
 *   6    4     latitude DDMMmmmm, BCD  10   4.5   longitude DDDMMmmmm, BCD
 *   14.5 0.5   flags: 8 always, 4 east, 2 north, 1 satellite fix
 *   15   1     speed in knots, binary  16   1     course in steps of 2 degrees
 */
#include "proto/jt701.h"

#define LONG_HEAD    10u
#define LONG_L_MIN   35u
#define LONG_L_FENCE 39u
#define LONG_L_WIDE  52u
#define SHORT_HEAD   9u
#define RECORD_SIZE  27u
#define RECORDS_MAX  15u
#define DIGITS_SIZE  15u /* of a position, up to the flags */
#define MINUTE_E4    UINT32_C(10000)
#define FILLER       0x0Fu

enum status {
    STATUS_CELLS = 1u << 0, /* the position comes from base stations */
    STATUS_FENCE_IN = 1u << 1,
    STATUS_FENCE_OUT = 1u << 2,
    STATUS_ROPE_CUT = 1u << 3,
    STATUS_VIBRATION = 1u << 4,
    STATUS_ACKNOWLEDGE = 1u << 5,
    STATUS_ROPE_IN = 1u << 6,
    STATUS_LOCKED = 1u << 7,
    STATUS_OPEN_LONG = 1u << 8,
    STATUS_PASSWORDS = 1u << 9,
    STATUS_CARD = 1u << 10,
    STATUS_BATTERY = 1u << 11,
    STATUS_COVER = 1u << 12,
    STATUS_COVER_CLOSED = 1u << 13,
    STATUS_STUCK = 1u << 14,
};

enum data_type { DATA_STORED = 3, DATA_KEPT = 4 };

static unsigned u16_at(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t u32_at(const uint8_t *at)
{
    return (uint32_t)u16_at(at) << 16 | u16_at(at + 2);
}

/* Two decimal digits of a byte known to hold them. */
static unsigned pair(uint8_t packed)
{
    return (packed >> 4) * 10u + (packed & 15u);
}

static uint64_t load(const uint8_t *at)
{
    uint64_t word;
    bulla_copy(&word, at, sizeof word);
    return word;
}

/* Eight packed bytes at once: a nibble is above 9 when its 8 is set together with its 4 or its 2. */
static bool sixteen_digits(uint64_t word)
{
    return (word & (word << 1 | word << 2) & UINT64_C(0x8888888888888888)) == 0;
}

static bool digits(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] > 0x99 || (at[i] & 15u) > 9) {
            return false;
        }
    }
    return true;
}

bool jt701_position_digits(const uint8_t *at)
{
    return sixteen_digits(load(at)) && sixteen_digits(load(at + 6)) && at[14] <= 0x9F;
}

/* ---- where a frame ends ---- */

static enum bulla_status short_length(const uint8_t *at, size_t *len)
{
    unsigned length = u16_at(at + 7);
    unsigned layout = at[6] >> 4;
    if (layout < 1 || layout > 3 || length % RECORD_SIZE != 0 || length / RECORD_SIZE > RECORDS_MAX) {
        return BULLA_NOT_MINE;
    }
    *len = SHORT_HEAD + length + 1;
    return BULLA_OK;
}

enum bulla_status jt701_binary_length(const uint8_t *at, size_t n, size_t *len)
{
    size_t seen = n < 6 ? n : 6;
    if (n == 0 || at[0] != '$' || !digits(at + 1, seen - 1)) {
        return n == 0 ? BULLA_MORE : BULLA_NOT_MINE;
    }
    if (n < LONG_HEAD) {
        return BULLA_MORE;
    }
    if (at[8] != 0) {
        return short_length(at, len);
    }
    if (at[6] == 0 || at[9] < LONG_L_MIN) {
        return BULLA_NOT_MINE;
    }
    *len = LONG_HEAD + at[9];
    return BULLA_OK;
}

bool jt701_binary_plausible(const uint8_t *at, size_t n)
{
    size_t len = n;
    if (jt701_binary_length(at, n, &len) != BULLA_OK) {
        return n < LONG_HEAD;
    }
    unsigned type = at[8] == 0 ? at[7] & 15u : at[6] & 15u;
    size_t step = at[8] == 0 ? len : RECORD_SIZE;
    bool plausible = type >= 1 && type <= 4;
    for (size_t from = at[8] == 0 ? LONG_HEAD : SHORT_HEAD; plausible && from < n && from + 1 < len; from += step) {
        size_t seen = n - from < DIGITS_SIZE - 1 ? n - from : DIGITS_SIZE - 1;
        plausible = digits(at + from, seen) && (seen < 3 || (pair(at[from]) <= 31 && pair(at[from + 1]) <= 12));
    }
    return plausible;
}

/* ---- position ---- */

enum bulla_status jt701_time_decode(struct proto_link *link, const uint8_t at[6], int64_t *out)
{
    struct bulla_calendar calendar = {.year = 2000 + (int)pair(at[2]),
                                      .month = pair(at[1]),
                                      .day = pair(at[0]),
                                      .hour = pair(at[3]),
                                      .minute = pair(at[4]),
                                      .second = pair(at[5])};
    bool unset = (at[0] | at[1] | at[2]) == 0;
    bool uptime = at[0] == 1 && at[1] == 1 && at[2] == 0 && at[3] == 0; /* a counter since power-on */
    if (unset || uptime) {
        *out = BULLA_TIME_NONE;
        return BULLA_OK;
    }
    int64_t time_ms = bulla_time_from_calendar(&calendar);
    if (time_ms == BULLA_TIME_NONE) {
        return proto_fail(link, BULLA_INSANE, "time", "a day and time that exist", (struct bulla_bytes){at, 6});
    }
    *out = time_ms;
    return BULLA_OK;
}

/* Ten-thousandths of a minute to 10^-7 degree. */
static int32_t degrees_e7(unsigned degrees, uint32_t minutes_e4, bool positive)
{
    int32_t e7 = (int32_t)(degrees * 10000000u + (minutes_e4 * 50u + 1) / 3);
    return positive ? e7 : -e7;
}

static enum bulla_status place_decode(struct proto_link *link, const uint8_t at[9], struct bulla_observation *o)
{
    unsigned lat = pair(at[0]);
    uint32_t lat_minutes = (pair(at[1]) * 100u + pair(at[2])) * 100u + pair(at[3]);
    unsigned lon = pair(at[4]) * 10u + (at[5] >> 4);
    uint32_t lon_minutes = (at[5] & 15u) * 100000u + (pair(at[6]) * 100u + pair(at[7])) * 10u + (at[8] >> 4);
    if (lat_minutes >= 60 * MINUTE_E4 || lat * 60u * MINUTE_E4 + lat_minutes > 90u * 60u * MINUTE_E4) {
        return proto_fail_number(link, BULLA_INSANE, "latitude", "DDMMmmmm up to 90 degrees", (int64_t)lat * 1000000 + lat_minutes);
    }
    if (lon_minutes >= 60 * MINUTE_E4 || lon * 60u * MINUTE_E4 + lon_minutes > 180u * 60u * MINUTE_E4) {
        return proto_fail_number(link, BULLA_INSANE, "longitude", "DDDMMmmmm up to 180 degrees", (int64_t)lon * 1000000 + lon_minutes);
    }
    unsigned flags = at[8] & 15u;
    o->lat_e7 = degrees_e7(lat, lat_minutes, flags & JT701_FLAG_NORTH);
    o->lon_e7 = degrees_e7(lon, lon_minutes, flags & JT701_FLAG_EAST);
    o->fix_valid = (flags & JT701_FLAG_FIX) != 0;
    return BULLA_OK;
}

enum bulla_status jt701_position_decode(struct proto_link *link, const uint8_t at[JT701_POSITION_SIZE], struct bulla_observation *o)
{
    if (!jt701_position_digits(at)) {
        return proto_fail(link, BULLA_DAMAGED, "date to longitude", "decimal digits", (struct bulla_bytes){at, DIGITS_SIZE});
    }
    enum bulla_status status = jt701_time_decode(link, at, &o->time_ms);
    if (status == BULLA_OK) {
        status = place_decode(link, at + 6, o);
    }
    if (status != BULLA_OK) {
        return status;
    }
    o->has |= BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_COURSE | (o->time_ms != BULLA_TIME_NONE ? BULLA_HAS_TIME : 0u);
    o->speed_cmh = ((int32_t)at[15] * 1852 + 5) / 10;
    if (at[16] <= 180) {
        o->course_cdeg = at[16] % 180 * 200;
    } else {
        o->unknown |= BULLA_HAS_COURSE;
    }
    return BULLA_OK;
}

static void device_decode(const uint8_t at[5], char to[JT701_ID_DIGITS + 1])
{
    for (size_t i = 0; i < 5; i++) {
        to[2 * i] = (char)('0' + (at[i] >> 4));
        to[2 * i + 1] = (char)('0' + (at[i] & 15u));
    }
    to[JT701_ID_DIGITS] = '\0';
}

static uint64_t id_of(const uint8_t at[5])
{
    return (uint64_t)u32_at(at) << 8 | at[4];
}

static void percent_decode(struct bulla_observation *o, uint8_t percent)
{
    o->has |= BULLA_HAS_PERCENT;
    o->percent = percent;
    if (percent > 100) {
        o->unknown |= BULLA_HAS_PERCENT;
    }
}

/* ---- long frames ---- */

static void events_decode(struct bulla_observation *o, unsigned status)
{
    static const struct {
        uint16_t bit;
        uint8_t event;
    } map[] = {
        {STATUS_CELLS, BULLA_EVENT_POSITION_CELL},
        {STATUS_FENCE_IN, BULLA_EVENT_FENCE_ENTER},
        {STATUS_FENCE_OUT, BULLA_EVENT_FENCE_EXIT},
        {STATUS_ROPE_CUT, BULLA_EVENT_ROPE_CUT},
        {STATUS_VIBRATION, BULLA_EVENT_VIBRATION},
        {STATUS_OPEN_LONG, BULLA_EVENT_UNLOCKED_TOO_LONG},
        {STATUS_PASSWORDS, BULLA_EVENT_WRONG_PASSWORD_REPEATED},
        {STATUS_CARD, BULLA_EVENT_UNKNOWN_CARD},
        {STATUS_BATTERY, BULLA_EVENT_LOW_BATTERY},
        {STATUS_COVER, BULLA_EVENT_COVER_OPENED},
        {STATUS_STUCK, BULLA_EVENT_MOTOR_STUCK},
    };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        o->events |= (uint64_t)((status & map[i].bit) != 0) << map[i].event;
    }
}

static uint8_t cover_of(unsigned status, unsigned version)
{
    if (status & STATUS_COVER) {
        return BULLA_COVER_OPEN;
    }
    if (version < 0x17) { /* bit 13 is 0 there, covers closed or not */
        return BULLA_COVER_UNKNOWN;
    }
    return status & STATUS_COVER_CLOSED ? BULLA_COVER_CLOSED : BULLA_COVER_OPEN;
}

/* A cut rope overrides the switch, which may still be pressed. A stuck motor keeps the lock state of its bit. */
static void state_decode(struct bulla_observation *o, unsigned status, unsigned version)
{
    enum bulla_shackle shackle = status & STATUS_ROPE_IN ? BULLA_SHACKLE_IN : BULLA_SHACKLE_OUT;
    enum bulla_motor motor = status & STATUS_LOCKED ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNLOCKED;
    if (status & STATUS_ROPE_CUT) {
        shackle = BULLA_SHACKLE_CUT;
    }
    o->state.seal = (uint8_t)bulla_seal_from(shackle, motor);
    o->state.shackle = (uint8_t)shackle;
    o->state.motor = status & STATUS_STUCK ? BULLA_MOTOR_STUCK : (uint8_t)motor;
    o->state.cover = cover_of(status, version);
}

/* FF is a device on its charger, which then does not know its level. */
static void battery_decode(struct bulla_observation *o, uint8_t percent)
{
    percent_decode(o, percent);
    o->has |= BULLA_HAS_CHARGING;
    o->charging = percent == 0xFF;
}

static bool absent(unsigned code)
{
    return code == 0 || code == (FILLER << 8 | FILLER) || code == 0xFFFF;
}

/* Text in the IMEI field pushes the tail out of the frame: then nothing behind it can be trusted. */
static bool tail_plausible(const uint8_t *at)
{
    return at[9] < LONG_L_WIDE || u16_at(at + 58) <= 999 || absent(u16_at(at + 58));
}

static void cell_decode(const uint8_t *at, struct bulla_observation *o)
{
    uint32_t cell = u16_at(at + 39);
    unsigned lac = u16_at(at + 41);
    unsigned mcc = 0;
    unsigned mnc = 0;
    if (at[9] >= LONG_L_WIDE && !absent(u16_at(at + 58))) {
        mcc = u16_at(at + 58);
        mnc = at[46] == FILLER ? at[60] : (unsigned)at[46] << 8 | at[60];
        cell |= (uint32_t)u16_at(at + 56) << 16;
    }
    if (cell != 0 || lac != 0) {
        bulla_observation_add_cell(o, (uint16_t)mcc, (uint16_t)mnc, lac, cell);
    }
}

static void tail_decode(const uint8_t *at, struct bulla_observation *o)
{
    if (at[9] >= LONG_L_FENCE && at[44] >= 1 && at[44] <= 10) {
        o->has |= BULLA_HAS_FENCE;
        o->fence = at[44];
    }
    if (at[9] >= LONG_L_WIDE) {
        o->has |= BULLA_HAS_WAKE;
        o->wake = at[45] & 15u;
    }
}

static enum bulla_status long_observe(struct proto_link *link, const uint8_t *at, size_t n, struct bulla_observation *o)
{
    enum bulla_status status = jt701_position_decode(link, at + LONG_HEAD, o);
    if (status != BULLA_OK) {
        return status;
    }
    if (!tail_plausible(at)) {
        return proto_fail_number(link, BULLA_INSANE, "MCC", "up to 999", u16_at(at + 58));
    }
    unsigned data = at[7] & 15u;
    unsigned word = u16_at(at + 36);
    device_decode(at + 1, o->device);
    o->stored = data == DATA_STORED || data == DATA_KEPT;
    o->has |= BULLA_HAS_COUNTER | BULLA_HAS_SATELLITES;
    o->counter = at[n - 1];
    o->satellites = at[31];
    events_decode(o, word);
    state_decode(o, word, at[6]);
    battery_decode(o, at[38]);
    tail_decode(at, o);
    cell_decode(at, o);
    jt701_add_mileage(o, u32_at(at + 27));
    jt701_add_csq(o, at[43]);
    return BULLA_OK;
}

/* A JT701D is told of a damaged frame, so that it sends it again; a few times, for its memory may be bad. */
static void ask_again(struct proto_link *link, const uint8_t *at, uint8_t serial)
{
    struct jt701_state *state = link->state;
    if (at[6] < JT701_VERSION_D || !tail_plausible(at)) {
        return;
    }
    state->resends = serial == state->resend_serial ? (uint8_t)(state->resends + 1) : 1;
    state->resend_serial = serial;
    if (state->resends <= 3) {
        jt701_acknowledge(link, "(P69,1,", serial);
    } else {
        state->resends = 4;
    }
}

static enum bulla_status long_decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct bulla_observation o;
    bulla_observation_init(&o, "jt701");
    enum bulla_status status = long_observe(link, at, n, &o);
    if (status != BULLA_OK) {
        ask_again(link, at, at[n - 1]);
        return status;
    }
    struct jt701_state *state = link->state;
    jt701_version_learn(state, id_of(at + 1), at[6]);
    state->resends = 0;
    link->emit(link->host, &o);
    if (at[6] >= JT701_VERSION_D) {
        jt701_acknowledge(link, "(P69,0,", at[n - 1]);
    } else if (u16_at(at + 36) & STATUS_ACKNOWLEDGE) {
        jt701_reply(link, "(P35)");
    }
    return BULLA_OK;
}

/* ---- short frames ---- */

static void layout_1(struct bulla_observation *o, const uint8_t at[10])
{
    o->has |= BULLA_HAS_SATELLITES | BULLA_HAS_ALTITUDE;
    o->satellites = at[0];
    percent_decode(o, at[1]);
    o->altitude_cm = (int32_t)u16_at(at + 3) * 100;
    if (u32_at(at + 5) != 0) {
        bulla_observation_add_cell(o, 0, 0, u16_at(at + 7), u16_at(at + 5));
    }
    jt701_add_csq(o, at[9]);
}

static void layout_2(struct bulla_observation *o, const uint8_t at[10])
{
    static const struct {
        uint8_t byte, mask, event;
    } map[] = {
        {2, 1u << 2, BULLA_EVENT_SOS},
        {2, 1u << 3 | 1u << 4, BULLA_EVENT_GNSS_FAULT},
        {2, 1u << 4, BULLA_EVENT_OVERSPEED},
        {3, 1u << 3, BULLA_EVENT_ILLEGAL_MOVEMENT},
    };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        if (at[map[i].byte] & map[i].mask) {
            bulla_observation_add_event(o, (enum bulla_event)map[i].event);
        }
    }
    o->state.door = at[1] & 1u << 6 ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    o->has |= BULLA_HAS_CHARGING;
    o->charging = at[2] & 1u;
    jt701_add_mileage(o, u32_at(at + 5));
}

static void layout_3(struct bulla_observation *o, const uint8_t at[10])
{
    jt701_add_mileage(o, u32_at(at + 3) & 0xFFFFFu);
}

static enum bulla_status record_observe(struct proto_link *link, const uint8_t *at, size_t n, size_t from, struct bulla_observation *o)
{
    static void (*const layouts[])(struct bulla_observation *, const uint8_t *) = {layout_1, layout_2, layout_3};
    bulla_observation_init(o, "jt701");
    enum bulla_status status = jt701_position_decode(link, at + from, o);
    if (status != BULLA_OK) {
        return status;
    }
    unsigned data = at[6] & 15u;
    device_decode(at + 1, o->device);
    o->stored = data == DATA_STORED || data == DATA_KEPT;
    o->has |= BULLA_HAS_COUNTER;
    o->counter = at[n - 1];
    layouts[(at[6] >> 4) - 1](o, at + from + JT701_POSITION_SIZE);
    return BULLA_OK;
}

/* All records are tried before the first is told, so that a damaged frame says nothing. */
static enum bulla_status short_decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct bulla_observation o;
    for (size_t from = SHORT_HEAD; from + 1 < n; from += RECORD_SIZE) {
        enum bulla_status status = record_observe(link, at, n, from, &o);
        if (status != BULLA_OK) {
            return status;
        }
    }
    for (size_t from = SHORT_HEAD; from + 1 < n; from += RECORD_SIZE) {
        if (record_observe(link, at, n, from, &o) == BULLA_OK) {
            link->emit(link->host, &o);
        }
    }
    return BULLA_OK;
}

/* ---- either ---- */

enum bulla_status jt701_binary_decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    size_t len = 0;
    enum bulla_status status = jt701_binary_length(at, n, &len);
    if (status == BULLA_NOT_MINE) {
        return proto_fail(link, BULLA_DAMAGED, "header", "ten digits and a known length", (struct bulla_bytes){at, n < 10 ? n : 10});
    }
    if (status == BULLA_MORE || n < len) {
        return proto_fail_number(link, link->whole ? BULLA_MORE : BULLA_DAMAGED, "length", "a whole frame", (int64_t)n);
    }
    if (n > len) {
        return proto_fail_number(link, BULLA_DAMAGED, "length", "that of the header", (int64_t)n);
    }
    return at[8] == 0 ? long_decode(link, at, n) : short_decode(link, at, n);
}
