/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808 areas that the device watches by itself: 0x8600 circles, 0x8604 polygons, and their deletion.
 */
#include "proto/jt808.h"

#define VERTICES_MAX 60
#define GMT8_MS      (8 * 3600000)

enum { /* area attributes */
       TIMED = 1u << 0,
       LIMITED = 1u << 1,
       ENTER_TO_PLATFORM = 1u << 3,
       LEAVE_TO_PLATFORM = 1u << 5,
       AREA_SOUTH = 1u << 6,
       AREA_WEST = 1u << 7,
};

static enum bulla_status refuse(struct jt808_order *order, const char *name, const char *expected)
{
    const char *got = proto_args_get(order->args, name);
    return proto_fail(order->link, BULLA_REFUSED, name, expected, (struct bulla_bytes){(const uint8_t *)got, got ? bulla_length(got) : 0});
}

/* Signed decimal degrees -> millionths; moves *text behind them. */
static bool degrees(const char **text, int32_t max_degrees, int32_t *out)
{
    const char *p = *text;
    bool minus = *p == '-';
    p += minus;
    int64_t micro = 0;
    size_t digits = 0;
    for (; *p >= '0' && *p <= '9' && micro < 1000; p++, digits++) {
        micro = micro * 10 + (*p - '0');
    }
    micro *= 1000000;
    if (*p == '.') {
        p++;
        for (int64_t unit = 100000; *p >= '0' && *p <= '9'; p++, unit /= 10, digits++) {
            micro += unit * (*p - '0');
        }
    }
    if (!digits || micro > (int64_t)max_degrees * 1000000) {
        return false;
    }
    *out = (int32_t)(minus ? -micro : micro);
    *text = p;
    return true;
}

struct point {
    int32_t lat, lon; /* millionths of a degree */
};

static enum bulla_status one_point(struct jt808_order *order, struct point *out)
{
    const char *lat = proto_args_get(order->args, "lat"), *lon = proto_args_get(order->args, "lon");
    if (!degrees(&lat, 90, &out->lat) || *lat) {
        return refuse(order, "lat", "degrees from -90 to 90");
    }
    return degrees(&lon, 180, &out->lon) && !*lon ? BULLA_OK : refuse(order, "lon", "degrees from -180 to 180");
}

static enum bulla_status all_points(struct jt808_order *order, struct point points[VERTICES_MAX], size_t *out)
{
    const char *text = proto_args_get(order->args, "points");
    size_t n = 0;
    for (; n < VERTICES_MAX; n++) {
        bool good = degrees(&text, 90, &points[n].lat) && *text++ == ',' && degrees(&text, 180, &points[n].lon);
        if (!good || (*text && *text != ';')) {
            return refuse(order, "points", "lat,lon;lat,lon;lat,lon");
        }
        if (!*text++) {
            break;
        }
    }
    *out = n + 1;
    return n < VERTICES_MAX && n >= 2 ? BULLA_OK : refuse(order, "points", "3 to 60 points");
}

/* ---- the fields that circle and polygon share ---- */

struct area {
    uint64_t id, attributes, speed, seconds, night;
    int64_t start_ms, end_ms;
    const char *name;
};

static enum bulla_status times(struct jt808_order *order, struct area *area)
{
    const char *start = proto_args_get(order->args, "start"), *end = proto_args_get(order->args, "end");
    if (!start && !end) {
        return BULLA_OK;
    }
    area->attributes |= TIMED;
    area->start_ms = start ? bulla_time_get(start) : BULLA_TIME_NONE;
    area->end_ms = end ? bulla_time_get(end) : BULLA_TIME_NONE;
    if (area->start_ms == BULLA_TIME_NONE) {
        return refuse(order, "start", "a time such as 2026-01-31T08:00:00Z");
    }
    return area->end_ms == BULLA_TIME_NONE ? refuse(order, "end", "a time such as 2026-01-31T08:00:00Z") : BULLA_OK;
}

static enum bulla_status read_area(struct jt808_order *order, struct area *area)
{
    const struct {
        const char *name;
        uint64_t min, max, otherwise;
        uint64_t *to;
    } numbers[] = {
        {"id", 0, UINT32_MAX, 0, &area->id},  {"attributes", 0, 65535, ENTER_TO_PLATFORM | LEAVE_TO_PLATFORM, &area->attributes},
        {"speed", 1, 65535, 0, &area->speed}, {"seconds", 0, 255, 0, &area->seconds},
        {"night", 0, 65535, 0, &area->night},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        enum bulla_status status =
            jt808_number(order, numbers[i].name, numbers[i].min, numbers[i].max, numbers[i].otherwise, numbers[i].to);
        if (status != BULLA_OK) {
            return status;
        }
    }
    area->attributes &= ~(uint64_t)(TIMED | LIMITED | AREA_SOUTH | AREA_WEST); /* these follow from the other arguments */
    area->attributes |= area->speed ? LIMITED : 0;
    const char *name = proto_args_get(order->args, "name");
    area->name = name ? name : "";
    return times(order, area);
}

/* One hemisphere bit stands for every vertex. */
static enum bulla_status hemisphere(struct jt808_order *order, struct area *area, const struct point *points, size_t n)
{
    bool north = false, south = false, east = false, west = false;
    for (size_t i = 0; i < n; i++) {
        north |= points[i].lat > 0;
        south |= points[i].lat < 0;
        east |= points[i].lon > 0;
        west |= points[i].lon < 0;
    }
    if ((north && south) || (east && west)) {
        return refuse(order, "points", "points on one side of the equator and of Greenwich");
    }
    area->attributes |= (south ? (unsigned)AREA_SOUTH : 0u) | (west ? (unsigned)AREA_WEST : 0u);
    return BULLA_OK;
}

static void put_point(struct bulla_writer *w, struct point p)
{
    bulla_writer_put_u32(w, (uint32_t)(p.lat < 0 ? -p.lat : p.lat));
    bulla_writer_put_u32(w, (uint32_t)(p.lon < 0 ? -p.lon : p.lon));
}

static void put_clock(struct bulla_writer *w, int64_t time_ms)
{
    struct bulla_calendar t = bulla_time_to_calendar(time_ms + GMT8_MS);
    const unsigned fields[] = {(unsigned)t.year % 100, t.month, t.day, t.hour, t.minute, t.second};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        bulla_writer_put_bcd(w, fields[i], 1);
    }
}

static void put_limits(struct jt808_order *order, const struct area *area)
{
    struct bulla_writer *w = &order->body;
    if (area->attributes & TIMED) {
        put_clock(w, area->start_ms);
        put_clock(w, area->end_ms);
    }
    if (area->attributes & LIMITED) {
        bulla_writer_put_u16(w, (uint16_t)area->speed);
        bulla_writer_put_u8(w, (uint8_t)area->seconds);
        if (order->versioned) {
            bulla_writer_put_u16(w, (uint16_t)area->night);
        }
    }
}

static void put_name(struct jt808_order *order, const struct area *area)
{
    if (order->versioned) {
        bulla_writer_put_u16(&order->body, (uint16_t)bulla_length(area->name));
        bulla_writer_put_text(&order->body, area->name);
    }
}

/* ---- messages ---- */

enum bulla_status jt808_area_circle(struct jt808_order *order)
{
    struct area area = {0};
    struct point centre;
    uint64_t radius_m;
    enum bulla_status status = read_area(order, &area);
    status = status == BULLA_OK ? one_point(order, &centre) : status;
    status = status == BULLA_OK ? proto_args_number(order->link, order->args, "radius", 1, UINT32_MAX, &radius_m) : status;
    status = status == BULLA_OK ? hemisphere(order, &area, &centre, 1) : status;
    if (status != BULLA_OK) {
        return status;
    }
    struct bulla_writer *w = &order->body;
    bulla_writer_put_u8(w, 1); /* append */
    bulla_writer_put_u8(w, 1); /* one area */
    bulla_writer_put_u32(w, (uint32_t)area.id);
    bulla_writer_put_u16(w, (uint16_t)area.attributes);
    put_point(w, centre);
    bulla_writer_put_u32(w, (uint32_t)radius_m);
    put_limits(order, &area);
    put_name(order, &area);
    return BULLA_OK;
}

enum bulla_status jt808_area_polygon(struct jt808_order *order)
{
    struct area area = {0};
    struct point points[VERTICES_MAX];
    size_t n = 0;
    enum bulla_status status = read_area(order, &area);
    status = status == BULLA_OK ? all_points(order, points, &n) : status;
    status = status == BULLA_OK ? hemisphere(order, &area, points, n) : status;
    if (status != BULLA_OK) {
        return status;
    }
    struct bulla_writer *w = &order->body;
    bulla_writer_put_u32(w, (uint32_t)area.id);
    bulla_writer_put_u16(w, (uint16_t)area.attributes);
    put_limits(order, &area);
    bulla_writer_put_u16(w, (uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        put_point(w, points[i]);
    }
    put_name(order, &area);
    return BULLA_OK;
}

/* BYTE count, DWORD ids; a count of 0 deletes all. */
enum bulla_status jt808_area_delete(struct jt808_order *order)
{
    const char *p = proto_args_get(order->args, "ids");
    bulla_writer_put_u8(&order->body, 0);
    uint8_t n = 0;
    while (p && n < 125) {
        uint64_t id = 0;
        const char *start = p;
        for (; *p >= '0' && *p <= '9' && id <= UINT32_MAX; p++) {
            id = id * 10 + (uint64_t)(*p - '0');
        }
        if (p == start || id > UINT32_MAX || (*p && *p != ',')) {
            return refuse(order, "ids", "numbers with commas between");
        }
        bulla_writer_put_u32(&order->body, (uint32_t)id);
        n++;
        p = *p ? p + 1 : NULL;
    }
    order->body.at[0] = n;
    return p ? refuse(order, "ids", "125 at most") : BULLA_OK;
}
