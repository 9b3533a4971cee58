/* SPDX-License-Identifier: Apache-2.0
 *
 * AIS: one message, ITU-R M.1371. Numbers are first bit and width.
 *
 *   all   type 0 6   MMSI 8 30
 *          speed      accuracy  longitude  latitude  course      second
 *   1 2 3  50 10      60        61 28      89 27     116 12      137 6     status 38 4
 *   18 19  46 10      56        57 28      85 27     112 12      133 6     19: name 143 120
 *   27     79 6 (kn)  38        44 18      62 17     85 9 (deg)            status 40 4
 *   4      year 38 14  month 52 4  day 56 5  hour 61 5  minute 66 6  second 72 6  accuracy 78  longitude 79 28  latitude 107 27
 *   5      IMO 40 30  call sign 70 42  name 112 120  ETA 274 4 278 5 283 5 288 6  draught/10 294 8  destination 302 120
 *   24     part 38 2; A: name 40 120; B: call sign 90 42
 *
 * Angles are 1/10000 minutes (27: 1/10), speed tenths of knots, course tenths of degrees. 181 and 91 degrees, speed 1023 (63),
 * course 3600 (511) and second 60 are "not available": nothing is said then.
 */
#include "proto/ais.h"

#define SECOND_MS        1000
#define MINUTE_MS        60000
#define EARLY_MS         5000   /* a second of a little later: the clocks differ */
#define BEHIND_MS        600000 /* a receiver that is later than that has not heard it now */
#define BEHIND_FOR_MS    600000
#define ACCURATE_M       10
#define INACCURATE_M     100
#define SECOND_ESTIMATED 62 /* and 63: no working receiver of positions */
#define STATUS_SART      14
#define NAME_CHARS       20
#define CALL_SIGN_CHARS  7
#define TEXT_CHARS       24

struct columns {
    uint8_t type;
    uint16_t bits; /* at least: there are transponders that count five bits of 168 as fill */
    uint8_t speed, speed_width, accuracy, lon, lon_width, lat, lat_width, course, course_width;
    uint8_t second; /* 0: none */
    uint8_t status; /* 0: none */
    int32_t per_degree;
    int32_t speed_unit_mkn, course_unit_cdeg; /* thousandths of a knot, hundredths of a degree */
};

/* clang-format off */
static const struct columns positions[] = {
    {1,  163, 50, 10, 60, 61, 28, 89, 27, 116, 12, 137, 38, 600000, 100, 10},
    {2,  163, 50, 10, 60, 61, 28, 89, 27, 116, 12, 137, 38, 600000, 100, 10},
    {3,  163, 50, 10, 60, 61, 28, 89, 27, 116, 12, 137, 38, 600000, 100, 10},
    {18, 163, 46, 10, 56, 57, 28, 85, 27, 112, 12, 133, 0,  600000, 100, 10},
    {19, 312, 46, 10, 56, 57, 28, 85, 27, 112, 12, 133, 0,  600000, 100, 10},
    {27, 96,  79, 6,  38, 44, 18, 62, 17, 85,  9,  0,   40, 600,    1000, 100},
};
/* clang-format on */

/* ---- bits ---- */

/* Up to 30 bits; those behind the end are 0. */
static uint32_t get(struct ais_bits bits, size_t at, unsigned width)
{
    uint64_t value = 0;
    size_t first = at / 6, last = (at + width - 1) / 6, chars = (bits.n + 5) / 6;
    for (size_t i = first; i <= last; i++) {
        value = value << 6 | (i < chars ? ais_six_bits[bits.chars[i]] : 0u);
    }
    unsigned behind = (unsigned)((last + 1) * 6 - at - width);
    return (uint32_t)(value >> behind & ((UINT64_C(1) << width) - 1));
}

static int32_t get_signed(struct ais_bits bits, size_t at, unsigned width)
{
    uint32_t value = get(bits, at, width), sign = UINT32_C(1) << (width - 1);
    return (int32_t)((value ^ sign)) - (int32_t)sign;
}

/* Characters of six bits up to an '@', without the blanks behind. */
static struct bulla_bytes get_text(struct ais_bits bits, size_t at, size_t chars, char to[TEXT_CHARS])
{
    size_t n = 0;
    for (; n < chars; n++) {
        uint32_t c = get(bits, at + 6 * n, 6);
        if (c == 0) {
            break;
        }
        to[n] = (char)(c < 32 ? c + 64 : c);
    }
    while (n && to[n - 1] == ' ') {
        n--;
    }
    return (struct bulla_bytes){(const uint8_t *)to, n};
}

/* ---- time ---- */

/* The last moment with that second that is not later than now. */
static int64_t with_second(int64_t now_ms, unsigned second)
{
    int64_t minute = now_ms - ((now_ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS;
    int64_t moment = minute + (int64_t)second * SECOND_MS;
    return moment > now_ms + EARLY_MS ? moment - MINUTE_MS : moment + MINUTE_MS <= now_ms + EARLY_MS ? moment + MINUTE_MS : moment;
}

static int64_t less_delay(const struct proto_link *link, int64_t heard_ms)
{
    const struct ais *self = link->state;
    bool recent = self->behind_at_ms && link->now_ms >= self->behind_at_ms && link->now_ms - self->behind_at_ms < BEHIND_FOR_MS;
    return recent && heard_ms == link->now_ms ? heard_ms - self->behind_ms : heard_ms;
}

static void put_time(struct bulla_observation *o, int64_t time_ms)
{
    o->has |= BULLA_HAS_TIME;
    o->time_ms = time_ms;
}

/* ---- place ---- */

static enum bulla_status put_place(struct proto_link *link, struct bulla_observation *o, int32_t lat, int32_t lon, int32_t per_degree,
                                   bool accurate)
{
    if (lon == 181 * per_degree || lat == 91 * per_degree) {
        return BULLA_OK;
    }
    if (lat < -90 * per_degree || lat > 90 * per_degree || lon < -180 * per_degree || lon > 180 * per_degree) {
        bool bad_lat = lat < -90 * per_degree || lat > 90 * per_degree;
        return proto_fail_number(link, BULLA_INSANE, bad_lat ? "latitude" : "longitude",
                                 bad_lat ? "at most 90 degrees" : "at most 180 degrees", bad_lat ? lat : lon);
    }
    int64_t half = per_degree / 2, lat_7 = (int64_t)lat * 10000000, lon_7 = (int64_t)lon * 10000000;
    o->has |= BULLA_HAS_FIX | BULLA_HAS_ACCURACY;
    o->fix_valid = true;
    o->lat_e7 = (int32_t)((lat_7 + (lat < 0 ? -half : half)) / per_degree);
    o->lon_e7 = (int32_t)((lon_7 + (lon < 0 ? -half : half)) / per_degree);
    o->accuracy_m = accurate ? ACCURATE_M : INACCURATE_M;
    return BULLA_OK;
}

static void put_motion(struct bulla_observation *o, struct ais_bits bits, const struct columns *at)
{
    uint32_t speed = get(bits, at->speed, at->speed_width), course = get(bits, at->course, at->course_width);
    uint32_t circle = (uint32_t)(36000 / at->course_unit_cdeg);
    if (speed != (UINT32_C(1) << at->speed_width) - 1) {
        o->has |= BULLA_HAS_SPEED;
        o->speed_cmh = (int32_t)(((int64_t)speed * at->speed_unit_mkn * 1852 + 5000) / 10000);
    }
    if (course < circle) {
        o->has |= BULLA_HAS_COURSE;
        o->course_cdeg = (int32_t)course * at->course_unit_cdeg;
    }
}

/* ---- words about a vessel ---- */

static void say(struct bulla_writer *w, const char *what, struct bulla_bytes text)
{
    if (text.len) {
        bulla_writer_put_text(w, w->len ? ", " : "");
        bulla_writer_put_text(w, what);
        bulla_writer_put(w, text.at, text.len);
    }
}

static void say_number(struct bulla_writer *w, const char *what, uint32_t value)
{
    if (value) {
        bulla_writer_put_text(w, w->len ? ", " : "");
        bulla_writer_put_text(w, what);
        bulla_writer_put_decimal(w, value, 1);
    }
}

static void say_name(struct bulla_writer *w, struct ais_bits bits, size_t at)
{
    char text[TEXT_CHARS];
    say(w, "", get_text(bits, at, NAME_CHARS, text));
}

static void say_call_sign(struct bulla_writer *w, struct ais_bits bits, size_t at)
{
    char text[TEXT_CHARS];
    say(w, "call sign ", get_text(bits, at, CALL_SIGN_CHARS, text));
}

static void say_voyage(struct bulla_writer *w, struct ais_bits bits)
{
    char text[TEXT_CHARS];
    uint32_t month = get(bits, 274, 4), day = get(bits, 278, 5), hour = get(bits, 283, 5), minute = get(bits, 288, 6);
    uint32_t draught = get(bits, 294, 8);
    say_name(w, bits, 112);
    say_call_sign(w, bits, 70);
    say_number(w, "IMO ", get(bits, 40, 30));
    say(w, "to ", get_text(bits, 302, NAME_CHARS, text));
    if (month >= 1 && month <= 12 && day && hour < 24 && minute < 60) {
        bulla_writer_put_text(w, ", ETA ");
        bulla_writer_put_decimal(w, month, 2);
        bulla_writer_put_text(w, "-");
        bulla_writer_put_decimal(w, day, 2);
        bulla_writer_put_text(w, " ");
        bulla_writer_put_decimal(w, hour, 2);
        bulla_writer_put_text(w, ":");
        bulla_writer_put_decimal(w, minute, 2);
    }
    if (draught) {
        bulla_writer_put_text(w, ", draught ");
        bulla_writer_put_decimal(w, draught / 10, 1);
        bulla_writer_put_text(w, ".");
        bulla_writer_put_decimal(w, draught % 10, 1);
        bulla_writer_put_text(w, " m");
    }
}

/* A note of the vessel about itself: observations have no fields for names. */
static void put_note(struct bulla_observation *o, const uint8_t *text, size_t n)
{
    static const char about[] = "vessel";
    struct bulla_writer by = bulla_writer_over((uint8_t *)o->note.by, sizeof o->note.by - 1);
    if (n == 0) {
        return;
    }
    o->has |= BULLA_HAS_NOTE;
    bulla_fill(&o->note, 0, sizeof o->note);
    bulla_writer_put_text(&by, "ais:");
    bulla_writer_put_text(&by, o->device);
    bulla_text_put(o->note.about, sizeof o->note.about, (struct bulla_bytes){(const uint8_t *)about, sizeof about - 1});
    bulla_text_put(o->note.text, sizeof o->note.text, (struct bulla_bytes){text, n});
}

/* ---- messages ---- */

struct message {
    struct proto_link *link;
    struct ais_bits bits;
    unsigned type;
    int64_t heard_ms;
    const struct columns *columns;
    struct bulla_observation *o;
};

static enum bulla_status short_of(const struct message *m)
{
    return proto_fail_number(m->link, BULLA_DAMAGED, "bits", "those of its type, which are more", (int64_t)m->bits.n);
}

static enum bulla_status read_position(const struct message *m)
{
    const struct columns *at = m->columns;
    unsigned second = at->second ? get(m->bits, at->second, 6) : 60;
    int64_t heard_ms = less_delay(m->link, m->heard_ms);
    enum bulla_status status = put_place(m->link, m->o, get_signed(m->bits, at->lat, at->lat_width),
                                         get_signed(m->bits, at->lon, at->lon_width), at->per_degree, get(m->bits, at->accuracy, 1));
    if (second >= SECOND_ESTIMATED) {
        m->o->fix_valid = false;
    }
    put_motion(m->o, m->bits, at);
    put_time(m->o, second < 60 ? with_second(heard_ms, second) : heard_ms);
    if (m->type == 19) {
        uint8_t text[BULLA_NOTE_TEXT_SIZE];
        struct bulla_writer w = bulla_writer_over(text, sizeof text);
        say_name(&w, m->bits, 143);
        put_note(m->o, text, w.len);
    }
    return status;
}

/* The whole date of UTC: what a receiver says late shows itself here. */
static enum bulla_status read_base(const struct message *m)
{
    struct ais *self = m->link->state;
    struct bulla_calendar when = {(int)get(m->bits, 38, 14),
                                  get(m->bits, 52, 4),
                                  get(m->bits, 56, 5),
                                  get(m->bits, 61, 5),
                                  get(m->bits, 66, 6),
                                  get(m->bits, 72, 6),
                                  0};
    if (m->bits.n < 163) {
        return short_of(m);
    }
    int64_t time_ms = bulla_time_from_calendar(&when);
    int64_t behind_ms = time_ms == BULLA_TIME_NONE ? -1 : m->heard_ms - time_ms;
    if (m->heard_ms == m->link->now_ms && behind_ms >= SECOND_MS && behind_ms < BEHIND_MS) {
        self->behind_ms = behind_ms;
        self->behind_at_ms = m->link->now_ms;
    } else if (m->heard_ms == m->link->now_ms) {
        self->behind_at_ms = 0;
    }
    put_time(m->o, time_ms == BULLA_TIME_NONE ? m->heard_ms : time_ms);
    return put_place(m->link, m->o, get_signed(m->bits, 107, 27), get_signed(m->bits, 79, 28), 600000, get(m->bits, 78, 1));
}

static enum bulla_status read_static(const struct message *m)
{
    uint8_t text[BULLA_NOTE_TEXT_SIZE];
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    unsigned part = get(m->bits, 38, 2), least = m->type == 5 ? 422 : part == 0 ? 160 : 132;
    if (m->bits.n < least) {
        return short_of(m);
    }
    if (m->type == 5) {
        say_voyage(&w, m->bits);
    } else if (part == 0) {
        say_name(&w, m->bits, 40);
    } else if (part == 1) {
        say_call_sign(&w, m->bits, 90);
    }
    put_note(m->o, text, w.len);
    put_time(m->o, less_delay(m->link, m->heard_ms));
    return BULLA_OK;
}

static const struct columns *columns_of(unsigned type)
{
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        if (positions[i].type == type) {
            return &positions[i];
        }
    }
    return NULL;
}

bool ais_is_read(unsigned type)
{
    return type == 4 || type == 5 || type == 24 || columns_of(type);
}

/* Transmitters of life rafts, persons overboard and emergency buoys are no vessels. */
static bool is_rescue(const struct message *m, uint32_t mmsi)
{
    uint32_t kind = mmsi / 1000000;
    bool status = m->columns && m->columns->status && get(m->bits, m->columns->status, 4) == STATUS_SART;
    return kind == 970 || kind == 972 || kind == 974 || status;
}

enum bulla_status ais_read(struct proto_link *link, struct ais_bits bits, int64_t heard_ms)
{
    struct bulla_observation o;
    struct message m = {link, bits, get(bits, 0, 6), heard_ms, NULL, &o};
    uint32_t mmsi = get(bits, 8, 30);
    m.columns = columns_of(m.type);
    if (bits.n < 38 || (m.columns && bits.n < m.columns->bits)) {
        return short_of(&m);
    }
    if (!ais_is_read(m.type) || is_rescue(&m, mmsi)) {
        return BULLA_OK;
    }
    if (mmsi == 0 || mmsi > 999999999) {
        return proto_fail_number(link, BULLA_INSANE, "MMSI", "1 to 999999999", mmsi);
    }
    bulla_observation_init(&o, "ais");
    struct bulla_writer device = bulla_writer_over((uint8_t *)o.device, sizeof o.device - 1);
    bulla_writer_put_decimal(&device, mmsi, 9);
    bulla_observation_add_event(&o, BULLA_EVENT_STATE_REPORT);
    enum bulla_status status = m.columns ? read_position(&m) : m.type == 4 ? read_base(&m) : read_static(&m);
    if (status == BULLA_OK) {
        link->emit(link->host, &o);
    }
    return status;
}
