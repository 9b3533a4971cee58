/* SPDX-License-Identifier: Apache-2.0
 *
 * Items behind a location: {BYTE id, BYTE length, value}. One table says who reads which; what is not in it stays in
 * the raw bytes. Several makers gave one id different meanings: a reader looks at length and profile, and says
 * nothing where they do not fit.
 */
#include "proto/jt808.h"

#define CHARGING 0xFF /* JT709 battery */

static unsigned u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Steps of `milli` thousandths each, held at the largest number. */
static int32_t times(uint32_t steps, uint32_t milli)
{
    return steps > (uint32_t)INT32_MAX / milli ? INT32_MAX : (int32_t)(steps * milli);
}

static void percent(struct bulla_observation *o, unsigned value)
{
    if (value <= 100) {
        o->has |= BULLA_HAS_PERCENT;
        o->percent = (uint8_t)value;
    }
}

static void millivolts(struct bulla_observation *o, int32_t value)
{
    o->has |= BULLA_HAS_VOLTS;
    o->millivolts = value;
}

static void charging(struct bulla_observation *o, bool is)
{
    o->has |= BULLA_HAS_CHARGING;
    o->charging = is;
}

static void supply(struct bulla_observation *o, int32_t value)
{
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_SUPPLY, value);
}

/* ---- of the standard ---- */

static void put_odometer(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 4) {
        bulla_observation_add_sensor(w->o, "", BULLA_SENSOR_MILEAGE, times(u32(at), 100));
    }
}

static void put_fuel(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2) {
        bulla_observation_add_sensor(w->o, "", BULLA_SENSOR_OIL, times(u16(at), 100));
    }
}

static int32_t tenths_signed(unsigned word) /* bit 15 is the sign */
{
    int32_t value = (int32_t)(word & 0x7FFF);
    return word & 0x8000 ? -value : value;
}

/* 2019: temperature of the cargo. One byte long: battery %. */
static void put_cargo(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1) {
        percent(w->o, at[0]);
    } else if (n == 2) {
        bulla_observation_add_sensor(w->o, "cargo", BULLA_SENSOR_TEMPERATURE, tenths_signed(u16(at)) * 1000);
    }
}

static void put_area(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 6) {
        w->area_said = true;
        bulla_observation_add_event(w->o, at[5] ? BULLA_EVENT_FENCE_EXIT : BULLA_EVENT_FENCE_ENTER);
        w->o->has |= BULLA_HAS_FENCE;
        w->o->fence = at[4]; /* low byte of the area's number */
    }
}

static void put_csq(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    (void)n;
    bulla_observation_add_sensor(w->o, "", BULLA_SENSOR_CSQ, at[0] * 1000);
}

static void put_satellites(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    (void)n;
    w->o->has |= BULLA_HAS_SATELLITES;
    w->o->satellites = at[0];
}

/* ---- of several makers ---- */

static void put_temperatures(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    for (size_t i = 0; i + 2 <= n && i < 16; i += 2) {
        char id[2] = {(char)('1' + i / 2), 0};
        if (u16(at + i) != 0xFFFF) {
            bulla_observation_add_sensor(w->o, id, BULLA_SENSOR_TEMPERATURE, tenths_signed(u16(at + i)) * 100);
        }
    }
}

/* A level of 0 to 10, or a byte and the percentage. */
static void put_battery_56(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    bool second = n == 2 && at[1] <= 100;
    percent(w->o, second ? at[1] : at[0] * 10u);
}

static void put_supply_61(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2) {
        supply(w->o, times(u16(at), 10));
    }
}

static void put_supply_tenths(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2) {
        supply(w->o, times(u16(at), 100));
    }
}

static void put_odometer_m(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 4) {
        bulla_observation_add_sensor(w->o, "", BULLA_SENSOR_MILEAGE, times(u32(at), 1));
    }
}

static void put_battery_d4(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1 && at[0] == CHARGING) {
        charging(w->o, true);
    } else if (n == 1) {
        percent(w->o, at[0]);
    }
}

/* D5: two bytes are a battery voltage, else it is the hub's list of locks. */
static void put_d5(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2) {
        millivolts(w->o, times(u16(at), 10));
    } else {
        jt808_item_hub(w, at, n);
    }
}

static void put_e1(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1) {
        percent(w->o, at[0]);
    } else if (n == 2) {
        supply(w->o, times(u16(at), 100));
    } else if (n > 4 && (n - 4) % 8 == 0) {
        for (size_t i = 4; i < n; i += 8) {
            bulla_observation_add_cell(w->o, (uint16_t)u16(at), (uint16_t)u16(at + 2), u32(at + i) >> 8, u32(at + i + 3));
        }
    }
}

static void put_e3(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if ((n == 4 || n == 6) && at[1] <= 100) {
        percent(w->o, at[1]);
        millivolts(w->o, times(u16(at + 2), 10));
    }
}

static void put_e4(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2 && at[0] <= 1) {
        charging(w->o, at[0] == 0);
        percent(w->o, at[1]);
    }
}

static void put_ee(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 6) {
        supply(w->o, (int32_t)u16(at + 1));
        millivolts(w->o, (int32_t)u16(at + 3));
        put_satellites(w, at + 5, 1);
    }
}

static void put_cells_f0(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    for (size_t i = 0; n % 13 == 0 && i < n; i += 13) {
        bulla_observation_add_cell(w->o, (uint16_t)u16(at + i), (uint16_t)u16(at + i + 2), u32(at + i + 8), u32(at + i + 4));
    }
}

static void put_supply_f1(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2 || n == 4) {
        supply(w->o, times(n == 2 ? u16(at) : u32(at), 1));
    }
}

/* F6 of AOVX trackers: event, mask, then what the mask says, in this order. On other devices F6 is an IMEI. */
static const struct {
    uint8_t size;
    enum bulla_sensor_kind kind;
    int32_t milli; /* of one step */
} f6_fields[] = {
    {2, BULLA_SENSOR_LIGHT, 1000}, {2, BULLA_SENSOR_TEMPERATURE, 100}, {2, BULLA_SENSOR_HUMIDITY, 100}, {6, BULLA_SENSOR_ACCELERATION, 0}};

static void put_f6(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    size_t need = 2;
    for (unsigned bit = 0; bit < 4; bit++) {
        need += at[1] >> bit & 1 ? f6_fields[bit].size : 0u;
    }
    if (at[1] > 0x0F || need != n) {
        return;
    }
    const uint8_t *field = at + 2;
    for (unsigned bit = 0; bit < 3; bit++) { /* the scale of the acceleration is not known */
        if (at[1] >> bit & 1) {
            int32_t steps = bit ? (int16_t)u16(field) : (int32_t)u16(field);
            bulla_observation_add_sensor(w->o, "", f6_fields[bit].kind, steps * f6_fields[bit].milli);
            field += f6_fields[bit].size;
        }
    }
}

static void put_f7(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 6) {
        millivolts(w->o, times(u32(at), 1));
        charging(w->o, at[4] == 2 || at[4] == 3);
        percent(w->o, at[5]);
    }
}

static void put_fence(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1) {
        w->o->has |= BULLA_HAS_FENCE;
        w->o->fence = at[0];
    }
}

static void put_cell_fd(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 9) {
        bulla_observation_add_cell(w->o, (uint16_t)u16(at), at[2], u16(at + 7), u32(at + 3));
    } else if (n == 10) {
        bulla_observation_add_cell(w->o, (uint16_t)u16(at), (uint16_t)u16(at + 2), u16(at + 8), u32(at + 4));
    }
}

/* FE: one byte is battery %, four are JT709's mileage (kilometres, as its maker's code has it). */
static void put_fe(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1) {
        percent(w->o, at[0]);
    } else if (n == 4) {
        bulla_observation_add_sensor(w->o, "", BULLA_SENSOR_MILEAGE, times(u32(at), 1000));
    }
}

/* ---- EB of BSJ: {WORD length, WORD type, value}, or the text of a time zone ---- */

static void eb_state(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 4 && !(u32(at) & 1)) { /* active low */
        bulla_observation_add_event(w->o, BULLA_EVENT_POWER_CUT);
    }
    if (n == 4 && !(u32(at) & 1u << 12)) {
        bulla_observation_add_event(w->o, BULLA_EVENT_DEVICE_REMOVED);
    }
}

static void eb_motion(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 4 && !(u32(at) & 1u << 6)) {
        bulla_observation_add_event(w->o, BULLA_EVENT_VIBRATION);
    }
}

static void eb_battery_alarm(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n && (at[n - 1] == 3 || at[n - 1] == 4)) {
        bulla_observation_add_event(w->o, BULLA_EVENT_LOW_BATTERY);
    }
}

static void eb_volts(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2) {
        millivolts(w->o, (int32_t)u16(at));
    } else if (n == 4) {
        supply(w->o, times(u32(at), 1));
    }
}

static void eb_percent(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1) {
        percent(w->o, at[0]);
    }
}

static void eb_cell(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n >= 9) {
        bulla_observation_add_cell(w->o, (uint16_t)u16(at), at[2], u16(at + 3), u32(at + 5));
    }
}

static const struct {
    uint16_t type;
    jt808_item *put;
} eb_items[] = {
    {0x0089, eb_state}, {0x00C5, eb_motion},  {0x00C6, eb_battery_alarm}, {0x00CE, put_supply_61},
    {0x002D, eb_volts}, {0x00A8, eb_percent}, {0x00E1, eb_percent},       {0x00D8, eb_cell},
};

static void eb_list(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    struct bulla_cursor list = bulla_cursor_over(at, n);
    while (list.left >= 4) {
        size_t len = bulla_cursor_get_u16(&list);
        unsigned type = bulla_cursor_get_u16(&list);
        struct bulla_bytes value = bulla_cursor_take(&list, len < 2 ? list.left + 1 : len - 2);
        for (size_t i = 0; value.at && i < sizeof eb_items / sizeof *eb_items; i++) {
            if (eb_items[i].type == type) {
                eb_items[i].put(w, value.at, value.len);
            }
        }
    }
}

/* "UTC+08:00" */
static void eb_zone(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    for (size_t i = 0; i + 9 <= n; i++) {
        const uint8_t *z = at + i;
        bool here = bulla_compare(z, "UTC", 3) == 0 && (z[3] == '+' || z[3] == '-') && z[6] == ':';
        const uint8_t digits[] = {z[4], z[5], z[7], z[8]};
        int number[4];
        for (size_t k = 0; k < 4; k++) {
            number[k] = digits[k] - '0';
            here = here && number[k] >= 0 && number[k] <= 9;
        }
        int minutes = here ? (number[0] * 10 + number[1]) * 60 + number[2] * 10 + number[3] : 0;
        if (here && minutes <= 14 * 60) {
            w->zone_minutes = z[3] == '-' ? -minutes : minutes;
            w->zone_said = true;
            return;
        }
    }
}

static void put_eb(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    bool text = true;
    for (size_t i = 0; i < n; i++) {
        text = text && at[i] >= 0x20 && at[i] <= 0x7E;
    }
    const struct proto_profile *profile = w->call->link->profile;
    if (!text) {
        eb_list(w, at, n);
    } else if (!profile || !profile->has_zone) {
        eb_zone(w, at, n);
    }
}

/* ---- HHD padlocks ---- */

static void put_cells_hhd(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    for (size_t i = 2; w->model == JT808_HHD && (n - 2) % 9 == 0 && i < n; i += 9) {
        bulla_observation_add_cell(w->o, (uint16_t)u16(at), (uint16_t)u16(at + i + 1), u16(at + i + 7), u32(at + i + 3));
    }
}

static void put_volts_hhd(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 2 && (w->model == JT808_HHD || w->model == JT808_STANDARD)) {
        millivolts(w->o, times(u16(at), 10));
    }
}

static void put_csq_hhd(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1 && w->model == JT808_HHD) {
        put_csq(w, at, n);
    }
}

static void put_satellites_hhd(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n == 1 && w->model == JT808_HHD) {
        put_satellites(w, at, n);
    }
}

/* ---- the table ---- */

/* clang-format off */
static const struct tlv_kind {
    uint8_t min; /* bytes that the reader may touch without asking */
    jt808_item *put;
} kinds[256] = {
    [0x01] = {4, put_odometer},     [0x02] = {2, put_fuel},          [0x06] = {1, put_cargo},         [0x0B] = {1, jt808_item_lock_event},
    [0x12] = {6, put_area},         [0x30] = {1, put_csq},           [0x31] = {1, put_satellites},    [0x33] = {5, jt808_item_string},
    [0x51] = {2, put_temperatures}, [0x56] = {1, put_battery_56},    [0x60] = {2, jt808_item_hhd_event},
    [0x61] = {2, put_supply_61},    [0x63] = {11, jt808_item_hhd_locks}, [0x66] = {11, put_cells_hhd}, [0x69] = {2, put_volts_hhd},
    [0x6A] = {1, put_csq_hhd},      [0x6B] = {1, put_satellites_hhd}, [0x82] = {2, put_supply_tenths}, [0xAC] = {4, put_odometer_m},
    [0xD3] = {2, put_supply_tenths}, [0xD4] = {1, put_battery_d4},   [0xD5] = {2, put_d5},            [0xDA] = {3, jt808_item_rope},
    [0xE1] = {1, put_e1},           [0xE3] = {4, put_e3},            [0xE4] = {2, put_e4},            [0xEB] = {4, put_eb},
    [0xEE] = {6, put_ee},           [0xF0] = {13, put_cells_f0},     [0xF1] = {2, put_supply_f1},     [0xF6] = {2, put_f6},
    [0xF7] = {6, put_f7},           [0xFC] = {1, put_fence},         [0xFD] = {9, put_cell_fd},       [0xFE] = {1, put_fe},
};
/* clang-format on */

void jt808_walk(struct jt808_walk *w, struct bulla_bytes items)
{
    const uint8_t *at = items.at;
    size_t left = items.len;
    while (left >= 2 && at[1] <= left - 2) {
        const struct tlv_kind *kind = &kinds[at[0]];
        size_t n = at[1];
        if (kind->put && n >= kind->min) {
            kind->put(w, at + 2, n);
        }
        at += 2 + n;
        left -= 2 + n;
    }
}

/* ---- whose items ---- */

/* Marks of a maker: an item of that id whose length divides so. Two different marks of one maker are proof enough. */
static const struct {
    uint8_t id, base, step; /* length is base + k * step; step 0: base exactly */
    uint8_t model, mark;
} marks[] = {
    {0x0B, 1, 1, JT808_JT709, 1}, {0xF9, 2, 0, JT808_JT709, 2}, {0xFD, 9, 1, JT808_JT709, 4}, {0xD5, 2, 0, JT808_JT709, 8},
    {0x60, 2, 1, JT808_HHD, 1},   {0x63, 11, 11, JT808_HHD, 2}, {0x66, 11, 9, JT808_HHD, 4},  {0x67, 8, 0, JT808_HHD, 8},
    {0x69, 2, 0, JT808_HHD, 16},  {0x6A, 1, 0, JT808_HHD, 32},  {0x6C, 15, 0, JT808_HHD, 64}, {0xD5, 14, 13, JT808_HUB, 3},
};

static const uint8_t marked[256] = {
    [0x0B] = 1, [0xF9] = 1, [0xFD] = 1, [0xD5] = 1, [0x60] = 1, [0x63] = 1, [0x66] = 1, [0x67] = 1, [0x69] = 1, [0x6A] = 1, [0x6C] = 1};

static void mark(uint8_t seen[], uint8_t id, unsigned n)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        bool fits = marks[i].step ? n >= marks[i].base && (n - marks[i].base) % marks[i].step == 0 : n == marks[i].base;
        if (marks[i].id == id && fits) {
            seen[marks[i].model] = (uint8_t)(seen[marks[i].model] | marks[i].mark);
        }
    }
}

bool jt808_look(struct bulla_bytes items, enum jt808_model *model)
{
    uint8_t seen[JT808_DOOR_LOCK + 1] = {0};
    size_t left = items.len;
    unsigned any = 0;
    for (const uint8_t *at = items.at; left; at += 2 + at[1]) {
        if (left < 2 || at[1] > left - 2) {
            break;
        }
        if (marked[at[0]]) {
            mark(seen, at[0], at[1]);
            any = 1;
        }
        left -= 2u + at[1];
    }
    for (unsigned i = JT808_STANDARD + 1; any && i <= JT808_DOOR_LOCK; i++) {
        if (seen[i] & (seen[i] - 1)) { /* two marks */
            *model = (enum jt808_model)i;
        }
    }
    return left == 0;
}
