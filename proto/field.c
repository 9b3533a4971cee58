/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/field.h"

#include "proto/text.h"

#define CENTURY    2000
#define LAT_MAX_E7 900000000
#define LON_MAX_E7 1800000000

/* ---- numbers ---- */

static const struct {
    unsigned decimals;
    int64_t min, max;
    const char *expected;
} targets[] = {
    [PROTO_TO_SPEED] = {2, 0, 99999, "km/h up to 999"},
    [PROTO_TO_COURSE] = {2, 0, 36000, "degrees up to 360"},
    [PROTO_TO_ALTITUDE] = {2, -1200000, 2000000, "metres"},
    [PROTO_TO_SATELLITES] = {0, 0, 99, "up to 99"},
    [PROTO_TO_PERCENT] = {0, 0, 100, "0 to 100"},
    [PROTO_TO_VOLTS] = {3, 0, 60000, "volts up to 60"},
    [PROTO_TO_CHARGING] = {0, 0, 1, "0 or 1"},
    [PROTO_TO_SENSOR] = {3, -INT32_MAX, INT32_MAX, "a value of a sensor"},
};

static void put(struct bulla_observation *o, const struct proto_field *row, int64_t value)
{
    switch (row->to) {
    case PROTO_TO_SPEED:
        o->has |= BULLA_HAS_SPEED;
        o->speed_cmh = (int32_t)value;
        break;
    case PROTO_TO_COURSE:
        o->has |= BULLA_HAS_COURSE;
        o->course_cdeg = (int32_t)(value % 36000);
        break;
    case PROTO_TO_ALTITUDE:
        o->has |= BULLA_HAS_ALTITUDE;
        o->altitude_cm = (int32_t)value;
        break;
    case PROTO_TO_SATELLITES:
        o->has |= BULLA_HAS_SATELLITES;
        o->satellites = (uint8_t)value;
        break;
    case PROTO_TO_PERCENT:
        o->has |= BULLA_HAS_PERCENT;
        o->percent = (uint8_t)value;
        break;
    case PROTO_TO_VOLTS:
        o->has |= BULLA_HAS_VOLTS;
        o->millivolts = (int32_t)value;
        break;
    case PROTO_TO_CHARGING:
        o->has |= BULLA_HAS_CHARGING;
        o->charging = value != 0;
        break;
    default:
        bulla_observation_add_sensor(o, row->id ? row->id : "", row->kind, (int32_t)value);
        break;
    }
}

enum bulla_status proto_field_put(struct proto_link *link, const struct proto_field *row, int64_t value, struct bulla_observation *o)
{
    if (value >= targets[row->to].min && value <= targets[row->to].max) {
        put(o, row, value);
        return BULLA_OK;
    }
    return row->loose ? BULLA_OK : proto_fail_number(link, BULLA_INSANE, row->name, targets[row->to].expected, value);
}

enum bulla_status proto_fields_read(struct proto_link *link, const struct proto_field *table, size_t n, const struct bulla_bytes *field,
                                    size_t n_fields, struct bulla_observation *o)
{
    for (const struct proto_field *row = table; row < table + n; row++) {
        int64_t value;
        if (row->at >= n_fields || field[row->at].len == 0) {
            continue;
        }
        if (!proto_text_fixed(field[row->at], row->metres ? 0 : targets[row->to].decimals, &value)) {
            return proto_fail(link, BULLA_DAMAGED, row->name, "a number", field[row->at]);
        }
        enum bulla_status status = proto_field_put(link, row, value, o);
        if (status != BULLA_OK) {
            return proto_fail(link, status, row->name, targets[row->to].expected, field[row->at]);
        }
    }
    return BULLA_OK;
}

/* ---- time and place ---- */

void proto_field_put_time(const struct proto_link *link, int64_t local_ms, struct bulla_observation *o)
{
    bool zoned = link->profile && link->profile->has_zone;
    o->time_ms = local_ms - (zoned ? link->profile->zone_minutes * INT64_C(60000) : 0);
    o->has |= BULLA_HAS_TIME;
}

enum bulla_status proto_field_time(struct proto_link *link, const struct bulla_calendar *when, struct bulla_observation *o)
{
    int64_t local_ms = bulla_time_from_calendar(when);
    if (local_ms == BULLA_TIME_NONE) {
        return proto_fail_number(link, BULLA_INSANE, "time", "a day and time that exist (YYYYMMDD)",
                                 when->year * INT64_C(10000) + when->month * 100 + when->day);
    }
    proto_field_put_time(link, local_ms, o);
    return BULLA_OK;
}

enum bulla_status proto_field_date(struct proto_link *link, enum proto_date_order order, struct bulla_bytes date, struct bulla_bytes clock,
                                   struct bulla_observation *o)
{
    unsigned d[3], t[3];
    if (!proto_text_pairs(date, d)) {
        return proto_fail(link, BULLA_DAMAGED, "date", order == PROTO_DMY ? "DDMMYY" : "YYMMDD", date);
    }
    if (!proto_text_pairs(clock, t)) {
        return proto_fail(link, BULLA_DAMAGED, "time", "hhmmss", clock);
    }
    unsigned year = order == PROTO_DMY ? d[2] : d[0], day = order == PROTO_DMY ? d[0] : d[2];
    const struct bulla_calendar when = {
        .year = CENTURY + (int)year, .month = d[1], .day = day, .hour = t[0], .minute = t[1], .second = t[2]};
    return proto_field_time(link, &when, o);
}

enum bulla_status proto_field_put_place(struct proto_link *link, int64_t lat_e7, int64_t lon_e7, bool valid, struct bulla_observation *o)
{
    if (lat_e7 < -LAT_MAX_E7 || lat_e7 > LAT_MAX_E7) {
        return proto_fail_number(link, BULLA_INSANE, "latitude", "-90 to 90 degrees (10^-7)", lat_e7);
    }
    if (lon_e7 < -LON_MAX_E7 || lon_e7 > LON_MAX_E7) {
        return proto_fail_number(link, BULLA_INSANE, "longitude", "-180 to 180 degrees (10^-7)", lon_e7);
    }
    o->has |= BULLA_HAS_FIX;
    o->lat_e7 = (int32_t)lat_e7;
    o->lon_e7 = (int32_t)lon_e7;
    o->fix_valid = valid;
    return BULLA_OK;
}

enum bulla_status proto_field_place(struct proto_link *link, struct bulla_bytes lat, struct bulla_bytes lon, bool valid,
                                    struct bulla_observation *o)
{
    int64_t lat_e7, lon_e7;
    if (!proto_text_fixed(lat, 7, &lat_e7)) {
        return proto_fail(link, BULLA_DAMAGED, "latitude", "degrees", lat);
    }
    if (!proto_text_fixed(lon, 7, &lon_e7)) {
        return proto_fail(link, BULLA_DAMAGED, "longitude", "degrees", lon);
    }
    return proto_field_put_place(link, lat_e7, lon_e7, valid, o);
}

/* ---- others ---- */

enum bulla_status proto_field_flag(struct proto_link *link, const char *name, struct bulla_bytes text, bool *out)
{
    if (!bulla_bytes_is(text, "0") && !bulla_bytes_is(text, "1")) {
        return proto_fail(link, BULLA_DAMAGED, name, "0 or 1", text);
    }
    *out = text.at[0] == '1';
    return BULLA_OK;
}

static bool names(uint8_t c, bool letters)
{
    return proto_text_is_digit(c) || (letters && (proto_text_is_letter(c) || c == '-' || c == '_'));
}

enum bulla_status proto_field_device(struct proto_link *link, struct bulla_bytes text, bool letters, struct bulla_observation *o)
{
    bool good = text.len > 0 && text.len < sizeof o->device;
    for (size_t i = 0; i < text.len && good; i++) {
        good = names(text.at[i], letters);
    }
    if (!good) {
        return proto_fail(link, BULLA_DAMAGED, "device id", letters ? "1 to 31 letters and digits" : "1 to 31 digits", text);
    }
    bulla_text_put(o->device, sizeof o->device, text);
    return BULLA_OK;
}

enum bulla_status proto_probe_mark(const char *mark, const uint8_t *at, size_t n)
{
    size_t len = bulla_length(mark), known = n < len ? n : len;
    if (bulla_compare(at, mark, known) != 0) {
        return BULLA_NOT_MINE;
    }
    return known == len ? BULLA_OK : BULLA_MORE;
}

enum ending { ENDS, BROKEN, OPEN };

/* How the message that starts at at[0] ends, looking at `max` bytes and no more. *len: of the message, or of what is lost. */
static enum ending find_end(enum bulla_status (*probe)(const uint8_t *at, size_t n), uint8_t end, size_t max, const uint8_t *at, size_t n,
                            size_t *len)
{
    size_t limit = n < max ? n : max;
    for (size_t i = 1; i < limit; i++) {
        if (at[i] == end) {
            *len = i + 1;
            return ENDS;
        }
        if (at[i] == at[0] && probe(at + i, limit - i) == BULLA_OK) {
            *len = i;
            return ENDS;
        }
    }
    *len = 1;
    return n < max ? OPEN : BROKEN;
}

enum bulla_status proto_frame_until(enum bulla_status (*probe)(const uint8_t *at, size_t n), uint8_t end, size_t max, const uint8_t *at,
                                    size_t n, struct proto_frame *frame)
{
    size_t start = 0;
    while (start < n) {
        size_t len = 1;
        enum bulla_status begins = probe(at + start, n - start);
        enum ending ending = BROKEN;
        if (begins == BULLA_OK) {
            ending = find_end(probe, end, max, at + start, n - start, &len);
        } else if (begins == BULLA_MORE) {
            ending = OPEN;
        }
        if (ending != BROKEN) {
            *frame = (struct proto_frame){start, ending == ENDS ? len : 0};
            return ending == ENDS ? BULLA_OK : BULLA_MORE;
        }
        start += len;
    }
    *frame = (struct proto_frame){n, 0};
    return BULLA_MORE;
}

enum bulla_status proto_field_end(struct proto_link *link, uint8_t end, struct bulla_bytes *message)
{
    while (message->len && (message->at[message->len - 1] == '\n' || message->at[message->len - 1] == '\r')) {
        message->len--;
    }
    bool ends = message->len && message->at[message->len - 1] == end;
    if (!ends && !link->whole) {
        size_t shown = message->len < 20 ? message->len : 20;
        return proto_fail(link, BULLA_DAMAGED, "end", (const char[]){(char)end, '\0'},
                          (struct bulla_bytes){message->at + message->len - shown, shown});
    }
    message->len -= ends;
    return BULLA_OK;
}

enum bulla_status proto_no_commands(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                    struct bulla_writer *out)
{
    (void)device;
    (void)args;
    (void)out;
    return proto_fail(link, BULLA_REFUSED, "command", "none: the maker has published no commands", proto_text_view(command));
}
