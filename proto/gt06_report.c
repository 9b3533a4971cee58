/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06: positions, cells and status. A layout is a word of one letter a field, so that the table of layouts is the map:
 *
 *   D  date, 6                                     T  information byte, 1
 *   G  date, satellites, latitude, longitude,      V  voltage level or per cent, 1
 *      speed, flags: 18                            W  strength of the network, 1
 *   g  the same, and how long it is behind the     a  alarm, 1         z  language, its high nibble extends the alarm, 1
 *      date: 0 is no position                      b  volts / 100, 2   d  volts / 10, 1   %  per cent, 1
 *   L  cell: country, network, area 2, cell 3      N  fence, 1
 *   u  the same with cell 4                        R  1: stored in the device and sent later, 1
 *   4  the same with area 4, cell 8                M  metres driven, 4
 *   i  the same with network 2, area 2, cell 4     h  altitude in metres, 2
 *   K  length, cell with area 2                    x  unix time, 4
 *   k  length, cell with area 4                    y  kind of cell, then L or, from 3 on, 4
 *   C  country, network, seven times L's area,     e  state of an AZ735, the last byte
 *      cell and strength                           t  information and four more bytes at the very end
 *   c  the same with 4's                           I  8 bytes, already known   .  a byte of no interest
 *   H  a heartbeat   !  no answer   ?  the rest may be missing
 *   ~  only where the cell behind the position has no length before it
 *
 * The same type has other layouts with other lengths and models; the first that fits is taken.
 */
#include "proto/gt06.h"

#define NT20       "NT20 NT26 XT40"
#define CELLS_MANY 7
#define PLACE_LEN  18

struct layout {
    uint8_t header;    /* 0: either */
    uint16_t length;   /* 0: any */
    const char *model; /* words, NULL: any */
    const char *fields;
};

/* clang-format off */
static const struct layout
    on_10[] = {{0, 0, NULL, "G"}},
    on_12[] = {{0, 0, "QH302R", "IG?L"}, {0, 0x22, NULL, "GL..R"}, {0, 0x26, NULL, "GL..RM"}, {0, 0x24, NULL, "GL?T"}, {0, 0, NULL, "G?L"}},
    on_13[] = {{0, 0x13, NULL, "HT"}, {0, 0, "SEEWORLD", "HT?VW"}, {0, 0, NULL, "HT?VWaz"}},
    on_16[] = {{0, 0x24, NULL, "GL?T"}, {0, 0x26, NULL, "~GuT?V%Waz"}, {0, 0x2D, NULL, "G"}, {0, 0x4A, NULL, "Gt"}, {0, 0, NULL, "GKTVWaz?M"}},
    on_17[] = {{0, 0, NULL, "G?L"}},
    on_18[] = {{0, 0, NULL, "D?C"}},
    on_19[] = {{0, 0x12, NULL, "LTVWaz"}, {0, 0x13, NULL, "LTVWaz"}, {0, 0, NULL, "L?T"}},
    on_22[] = {{0, 0, NT20, ".I......GK.Tbd?Wa"}, {0, 0x2F, NULL, "Gu..R?M"}, {0, 0, NULL, "GL..R?M"}},
    on_23[] = {{0, 0, NULL, "HT?b"}},
    on_24[] = {{0, 0x2E, NULL, "!GL"}, {0, 0x31, NULL, "!GL"}, {0, 0, NULL, "D?C"}},
    on_25[] = {{0, 0, NT20, ".I......GK.Tbd?Wa"}, {0, 0, NULL, "GKTVWaz?M"}},
    on_26[] = {{0, 0x2B, NULL, "GKT"}, {0, 0, NULL, "GKTVWaz?M"}},
    on_27[] = {{0, 0, NULL, "GKTVWaz?N"}},
    on_2a[] = {{0, 0, NULL, "!G"}},
    on_31[] = {{0, 0x2A, NULL, "Gi..R?Mh"}, {0, 0, NULL, "G?L"}},
    on_32[] = {{GT06_LONG, 0, NULL, "gK?e"}, {0, 0, NULL, "G.iTVWaz?h"}},
    on_33[] = {{GT06_LONG, 0, NULL, "gK?e"}, {0, 0, NULL, "D?C"}},
    on_34[] = {{0, 0x3C, NULL, "!....G?Mu"}, {0, 0, NULL, "!D"}},
    on_36[] = {{0, 0x35, NULL, "Gu..R?M"}},
    on_37[] = {{0, 0, NULL, "GL..R"}},
    on_38[] = {{0, 0, NULL, "!G.R?y"}},
    on_date[] = {{0, 0, NULL, "D"}},
    on_a0[] = {{0, 0, NULL, "G4?..RM"}},
    on_a1[] = {{0, 0, NULL, "D?c"}},
    on_a2[] = {{0, 0x40, NULL, "G4"}, {0, 0, NULL, "D?c"}},
    on_a3[] = {{0, 0x0C, NULL, ""}, {0, 0x18, NULL, ""}, {0, 0, NULL, "G?.4TVWaz"}},
    on_a4[] = {{0, 0, NULL, "GkTVWaz?N"}},
    on_a5[] = {{0, 0, NULL, "4TVWaz"}},
    on_f2[] = {{0, 0, NULL, "x"}},
    on_f3[] = {{0, 0, NULL, "!D"}};
/* clang-format on */

#define ROW(type, name) [type] = {name, sizeof name / sizeof *name}

static const struct {
    const struct layout *layouts;
    size_t n;
} table[256] = {
    ROW(0x10, on_10), ROW(0x11, on_10),   ROW(0x12, on_12), ROW(0x13, on_13), ROW(0x16, on_16), ROW(0x17, on_17), ROW(0x18, on_18),
    ROW(0x19, on_19), ROW(0x1A, on_10),   ROW(0x1E, on_17), ROW(0x22, on_22), ROW(0x23, on_23), ROW(0x24, on_24), ROW(0x25, on_25),
    ROW(0x26, on_26), ROW(0x27, on_27),   ROW(0x28, on_18), ROW(0x2A, on_2a), ROW(0x2C, on_18), ROW(0x2D, on_17), ROW(0x2E, on_18),
    ROW(0x31, on_31), ROW(0x32, on_32),   ROW(0x33, on_33), ROW(0x34, on_34), ROW(0x36, on_36), ROW(0x37, on_37), ROW(0x38, on_38),
    ROW(0x61, on_17), ROW(0x8C, on_date), ROW(0xA0, on_a0), ROW(0xA1, on_a1), ROW(0xA2, on_a2), ROW(0xA3, on_a3), ROW(0xA4, on_a4),
    ROW(0xA5, on_a5), ROW(0xF2, on_f2),   ROW(0xF3, on_f3),
};

/* ---- cells ---- */

struct cell_form {
    uint8_t network; /* bytes; 0: 1, or 2 where the country's highest bit is set */
    uint8_t area, cell;
};

static uint64_t get(struct bulla_cursor *c, size_t n)
{
    uint64_t value = 0;
    struct bulla_bytes bytes = bulla_cursor_take(c, n);
    for (size_t i = 0; i < bytes.len; i++) {
        value = value << 8 | bytes.at[i];
    }
    return value;
}

/* All zero is none; a number that no cell has (GSM to NR fit into 32 bits) is left to the raw message. */
static void add_cell(struct gt06_call *call, unsigned country, unsigned network, uint64_t area, uint64_t cell)
{
    if (!call->c.failed && country && area && area <= UINT32_MAX && cell <= UINT32_MAX) {
        bulla_observation_add_cell(&call->o, (uint16_t)country, (uint16_t)network, (uint32_t)area, (uint32_t)cell);
    }
}

static unsigned get_country(struct bulla_cursor *c, uint8_t *network_size)
{
    unsigned country = bulla_cursor_get_u16(c);
    *network_size = *network_size ? *network_size : country & 0x8000 ? 2 : 1;
    return country & 0x7FFF;
}

static void put_cell(struct gt06_call *call, struct cell_form form)
{
    unsigned country = get_country(&call->c, &form.network);
    unsigned network = (unsigned)get(&call->c, form.network);
    uint64_t area = get(&call->c, form.area);
    add_cell(call, country, network, area, get(&call->c, form.cell));
}

static bool is_cell_size(size_t n)
{
    return n == 3 || n == 4 || n == 8;
}

/* The length counts itself with some devices and not with others: what remains for the cell tells which. */
static void put_cell_in_length(struct gt06_call *call, uint8_t area)
{
    struct bulla_cursor *c = &call->c;
    size_t length = bulla_cursor_get_u8(c);
    struct bulla_cursor ahead = *c;
    struct cell_form form = {0, area, 0};
    (void)get_country(&ahead, &form.network);
    size_t before = 2u + form.network + area;
    size_t own = length > before + 1 && is_cell_size(length - before - 1) ? length - 1 : length;
    if (own > before && is_cell_size(own - before)) {
        form.cell = (uint8_t)(own - before);
        put_cell(call, form);
    } else if (length) {
        bulla_cursor_skip(c, length - 1);
    }
}

static void put_cells(struct gt06_call *call, struct cell_form form)
{
    unsigned country = get_country(&call->c, &form.network);
    unsigned network = (unsigned)get(&call->c, form.network);
    for (size_t i = 0; i < CELLS_MANY && !call->c.failed; i++) {
        uint64_t area = get(&call->c, form.area);
        add_cell(call, country, network, area, get(&call->c, form.cell));
        bulla_cursor_skip(&call->c, 1);
    }
}

/* ---- places ---- */

static enum bulla_status put_place(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    unsigned satellites = bulla_cursor_get_u8(c) & 0x0Fu;
    uint32_t lat = bulla_cursor_get_u32(c), lon = bulla_cursor_get_u32(c);
    unsigned speed = bulla_cursor_get_u8(c), flags = bulla_cursor_get_u16(c);
    if (c->failed) {
        return BULLA_OK;
    }
    call->o.has |= BULLA_HAS_SATELLITES;
    call->o.satellites = (uint8_t)satellites;
    return gt06_place(call, lat, lon, speed, flags);
}

static enum bulla_status put_date_and_place(struct gt06_call *call, bool has_length)
{
    enum bulla_status status = gt06_date(call);
    if (status != BULLA_OK || (has_length && bulla_cursor_get_u8(&call->c) == 0)) {
        return status;
    }
    return put_place(call);
}

/* ---- power ---- */

static void put_level(struct gt06_call *call)
{
    unsigned level = bulla_cursor_get_u8(&call->c);
    if (!call->c.failed && level <= 100) { /* steps of a sixth, or per cent with newer devices */
        call->o.has |= BULLA_HAS_PERCENT;
        call->o.percent = (uint8_t)(level <= 6 ? level * 100 / 6 : level);
    }
}

static void put_percent(struct gt06_call *call)
{
    unsigned percent = bulla_cursor_get_u8(&call->c);
    if (!call->c.failed && percent <= 100) {
        call->o.has |= BULLA_HAS_PERCENT;
        call->o.percent = (uint8_t)percent;
    }
}

static void put_volts(struct gt06_call *call, size_t bytes, int32_t unit_mv)
{
    int32_t volts = (int32_t)get(&call->c, bytes);
    if (!call->c.failed) {
        call->o.has |= BULLA_HAS_VOLTS;
        call->o.millivolts = volts * unit_mv;
    }
}

/* ---- the rest ---- */

static void put_information(struct gt06_call *call)
{
    uint8_t bits = bulla_cursor_get_u8(&call->c);
    if (!call->c.failed) {
        call->terminal = bits >> 3 & 7;
        call->o.has |= BULLA_HAS_CHARGING;
        call->o.charging = (bits & 4) != 0;
    }
}

/* The last five bytes, whatever stands before them. */
static void put_tail(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    bulla_cursor_skip(c, c->left > 5 ? c->left - 5 : 0);
    put_information(call);
    put_level(call);
    bulla_cursor_skip(c, 1);
    call->alarm = bulla_cursor_get_u8(c);
}

static void put_language(struct gt06_call *call)
{
    uint8_t type = call->m->type, language = bulla_cursor_get_u8(&call->c);
    if (!call->c.failed && (type == 0x27 || type == 0xA4) && call->alarm >= 0) {
        call->alarm |= (language >> 4) << 8;
    }
}

static void put_fence(struct gt06_call *call)
{
    uint8_t fence = bulla_cursor_get_u8(&call->c);
    bool crossed = call->alarm == 4 || call->alarm == 5;
    if (!call->c.failed && crossed && fence != 0xFF) {
        call->o.has |= BULLA_HAS_FENCE;
        call->o.fence = fence;
    }
}

static void put_metres(struct gt06_call *call)
{
    uint32_t metres = bulla_cursor_get_u32(&call->c);
    if (!call->c.failed && metres <= INT32_MAX) {
        bulla_observation_add_sensor(&call->o, "", BULLA_SENSOR_MILEAGE, (int32_t)metres);
    }
}

static void put_altitude(struct gt06_call *call)
{
    int16_t metres = (int16_t)bulla_cursor_get_u16(&call->c);
    if (!call->c.failed) {
        call->o.has |= BULLA_HAS_ALTITUDE;
        call->o.altitude_cm = metres * 100;
    }
}

static void put_stored(struct gt06_call *call)
{
    call->o.stored = bulla_cursor_get_u8(&call->c) == 1;
}

static void put_az735(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    bulla_cursor_skip(c, c->left ? c->left - 1 : 1);
    switch (bulla_cursor_get_u8(c)) {
    case 0xA2:
    case 0xA3:
        gt06_event(&call->o, BULLA_EVENT_LOW_BATTERY);
        break;
    case 0xA5:
        call->o.state.door = BULLA_COVER_OPEN;
        gt06_event(&call->o, BULLA_EVENT_DOOR_OPENED);
        break;
    default:
        break;
    }
}

/* ---- one letter ---- */

static enum bulla_status put_position(struct gt06_call *call, char field)
{
    switch (field) {
    case 'D':
        return gt06_date(call);
    case 'G':
        return put_date_and_place(call, false);
    case 'g':
        return put_date_and_place(call, true);
    default:
        return gt06_unix(call);
    }
}

static void put_network(struct gt06_call *call, char field)
{
    switch (field) {
    case 'L':
        put_cell(call, (struct cell_form){0, 2, 3});
        break;
    case 'u':
        put_cell(call, (struct cell_form){0, 2, 4});
        break;
    case '4':
        put_cell(call, (struct cell_form){0, 4, 8});
        break;
    case 'i':
        put_cell(call, (struct cell_form){2, 2, 4});
        break;
    case 'K':
        put_cell_in_length(call, 2);
        break;
    case 'k':
        put_cell_in_length(call, 4);
        break;
    case 'C':
        put_cells(call, (struct cell_form){0, 2, 3});
        break;
    case 'c':
        put_cells(call, (struct cell_form){0, 4, 8});
        break;
    default: /* y */
        put_network(call, bulla_cursor_get_u8(&call->c) >= 3 ? '4' : 'L');
        break;
    }
}

static void put_other(struct gt06_call *call, char field)
{
    switch (field) {
    case 'T':
        put_information(call);
        break;
    case 'V':
        put_level(call);
        break;
    case '%':
        put_percent(call);
        break;
    case 'b':
        put_volts(call, 2, 10);
        break;
    case 'd':
        put_volts(call, 1, 100);
        break;
    case 'a':
        call->alarm = bulla_cursor_get_u8(&call->c);
        break;
    case 'z':
        put_language(call);
        break;
    case 'N':
        put_fence(call);
        break;
    case 'R':
        put_stored(call);
        break;
    case 'M':
        put_metres(call);
        break;
    case 'h':
        put_altitude(call);
        break;
    case 'e':
        put_az735(call);
        break;
    case 't':
        put_tail(call);
        break;
    case 'H':
        gt06_event(&call->o, BULLA_EVENT_HEARTBEAT);
        break;
    case '!':
        call->silent = true;
        break;
    case '~':
        break;
    case 'I':
        bulla_cursor_skip(&call->c, 8);
        break;
    default: /* W and . */
        bulla_cursor_skip(&call->c, 1);
        break;
    }
}

/* Which of the three reads a letter. */
enum reader { OTHER, POSITION, NETWORK };
static const uint8_t readers[128] = {
    ['D'] = POSITION, ['G'] = POSITION, ['g'] = POSITION, ['x'] = POSITION, ['L'] = NETWORK, ['u'] = NETWORK, ['4'] = NETWORK,
    ['i'] = NETWORK,  ['K'] = NETWORK,  ['k'] = NETWORK,  ['C'] = NETWORK,  ['c'] = NETWORK, ['y'] = NETWORK,
};

/* A country's number is below 1000, perhaps with its highest bit set: its first byte is no length that a cell has. */
static bool has_cell_length(const struct gt06_call *call)
{
    return call->c.left > PLACE_LEN && call->c.at[PLACE_LEN] > 3 && call->c.at[PLACE_LEN] < 0x80;
}

static const struct layout *layout_of(const struct gt06_call *call)
{
    const struct gt06_message *m = call->m;
    for (size_t i = 0; i < table[m->type].n; i++) {
        const struct layout *row = &table[m->type].layouts[i];
        bool fits = (row->header == 0 || row->header == m->header) && (row->length == 0 || row->length == m->length);
        fits = fits && !(row->fields[0] == '~' && has_cell_length(call));
        if (fits && (!row->model || gt06_model(call->link, row->model))) {
            return row;
        }
    }
    return NULL;
}

/* A type without a layout is a report of which nothing is known but that it came. */
enum bulla_status gt06_read_report(struct gt06_call *call)
{
    const struct layout *layout = layout_of(call);
    bool optional = false;
    for (const char *field = layout ? layout->fields : ""; *field; field++) {
        if (*field == '?') {
            optional = true;
            continue;
        }
        if (optional && call->c.left == 0) {
            break;
        }
        enum bulla_status status = BULLA_OK;
        switch (readers[(uint8_t)*field & 127]) {
        case POSITION:
            status = put_position(call, *field);
            break;
        case NETWORK:
            put_network(call, *field);
            break;
        default:
            put_other(call, *field);
            break;
        }
        if (status != BULLA_OK) {
            return status;
        }
        if (call->c.failed) {
            return optional ? BULLA_OK : gt06_short(call);
        }
    }
    return BULLA_OK;
}
