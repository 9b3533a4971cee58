/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808 commands. The layout of 2013 or 2019 is that of the device's last message on this link, or `version=`.
 */
#include "proto/jt808.h"

#define SERIAL_TEXT "001"
#define CONFIRMABLE 0x18700009u /* alarm bits that may be confirmed by hand: 0, 3, 20, 21, 22, 27, 28 */
#define DIGITS_2013 12
#define PARAMS_MAX  100

enum { /* parameters */
       PARAM_STRATEGY = 0x0020,
       PARAM_SLEEP_S = 0x0027,
       PARAM_INTERVAL_S = 0x0029,
};

enum { CONTROL_POWER_OFF = 3, CONTROL_RESTART = 4 };

/* ---- arguments ---- */

enum bulla_status jt808_number(struct jt808_order *order, const char *name, uint64_t min, uint64_t max, uint64_t otherwise, uint64_t *out)
{
    if (!proto_args_get(order->args, name)) {
        *out = otherwise;
        return BULLA_OK;
    }
    return proto_args_number(order->link, order->args, name, min, max, out);
}

static enum bulla_status refuse(struct jt808_order *order, const char *name, const char *expected)
{
    const char *got = proto_args_get(order->args, name);
    struct bulla_bytes bytes = {(const uint8_t *)got, got ? bulla_length(got) : 0};
    return proto_fail(order->link, BULLA_REFUSED, name, expected, bytes);
}

/* GBK would need tables: what is not ASCII goes through `raw`. */
static enum bulla_status put_text(struct jt808_order *order, const char *name)
{
    const char *text = proto_args_get(order->args, name);
    for (const char *p = text; p && *p; p++) {
        if (*p < 0x20 || *p > 0x7E) {
            return refuse(order, name, "ASCII text");
        }
    }
    if (!text || !*text) {
        return refuse(order, name, "a text");
    }
    bulla_writer_put_text(&order->body, text);
    return BULLA_OK;
}

static enum bulla_status put_hex(struct jt808_order *order, const char *name)
{
    const char *text = proto_args_get(order->args, name);
    size_t n = text ? bulla_length(text) : 0;
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint8_t byte;
        if (!bulla_hex_get(&byte, text + i, 1)) {
            return refuse(order, name, "hex digits");
        }
        bulla_writer_put_u8(&order->body, byte);
    }
    return n % 2 ? refuse(order, name, "pairs of hex digits") : BULLA_OK;
}

/* Up to eight hex digits, to `stop` or the end; moves *text behind them. */
static bool hex_number(const char **text, uint32_t *out)
{
    uint32_t value = 0;
    size_t n = 0;
    for (; n < 8; n++, ++*text) {
        char c = **text;
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0) {
            break;
        }
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    return n > 0;
}

static enum bulla_status hex_argument(struct jt808_order *order, const char *name, uint32_t max, uint32_t *out)
{
    const char *text = proto_args_get(order->args, name);
    uint32_t value;
    if (!text || !hex_number(&text, &value) || *text || value > max) {
        return refuse(order, name, "a hex number");
    }
    *out = value;
    return BULLA_OK;
}

/* ---- opening and closing ---- */

static void door(struct jt808_order *order, bool lock)
{
    if (order->versioned) {
        bulla_writer_put_u16(&order->body, 1); /* one control */
        bulla_writer_put_u16(&order->body, 1); /* of the door lock */
    }
    bulla_writer_put_u8(&order->body, lock);
}

static enum bulla_status text_body(struct jt808_order *order)
{
    uint64_t flags, kind;
    enum bulla_status status = jt808_number(order, "flags", 0, 255, 1, &flags);
    status = status == BULLA_OK ? jt808_number(order, "kind", 1, 2, 1, &kind) : status;
    if (status != BULLA_OK) {
        return status;
    }
    bulla_writer_put_u8(&order->body, (uint8_t)flags);
    if (order->versioned) {
        bulla_writer_put_u8(&order->body, (uint8_t)kind);
    }
    return put_text(order, "text");
}

static enum bulla_status through_text(struct jt808_order *order)
{
    uint32_t type = 0xF0; /* user-defined */
    enum bulla_status status = proto_args_get(order->args, "type") ? hex_argument(order, "type", 0xFF, &type) : BULLA_OK;
    bulla_writer_put_u8(&order->body, (uint8_t)type);
    return status == BULLA_OK ? put_text(order, "text") : status;
}

static enum bulla_status control_code(struct jt808_order *order)
{
    uint32_t code;
    enum bulla_status status = hex_argument(order, "code", 0xFF, &code);
    bulla_writer_put_u8(&order->body, status == BULLA_OK ? (uint8_t)code : 0);
    return status;
}

/* Makers open their locks in four ways; `via` names the message. */
static enum bulla_status open_or_close(struct jt808_order *order, bool lock)
{
    static const struct {
        const char *via;
        uint16_t id;
        jt808_order_put *put;
    } ways[] = {{"8105", JT808_CONTROL, control_code}, {"8300", JT808_TEXT, text_body}, {"8900", JT808_THROUGH_DOWN, through_text}};
    const char *via = proto_args_get(order->args, "via");
    if (!via || bulla_text_is(via, "8500")) {
        door(order, lock);
        return BULLA_OK;
    }
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (bulla_text_is(ways[i].via, via)) {
            order->id = ways[i].id;
            return ways[i].put(order);
        }
    }
    return refuse(order, "via", "8500, 8105, 8300 or 8900");
}

static enum bulla_status unlock(struct jt808_order *order)
{
    return open_or_close(order, false);
}

static enum bulla_status lock(struct jt808_order *order)
{
    return open_or_close(order, true);
}

/* ---- parameters ---- */

static void put_dword(struct jt808_order *order, uint32_t id, uint64_t value)
{
    bulla_writer_put_u32(&order->body, id);
    bulla_writer_put_u8(&order->body, 4);
    bulla_writer_put_u32(&order->body, (uint32_t)value);
}

static enum bulla_status interval(struct jt808_order *order)
{
    uint64_t seconds, sleep;
    enum bulla_status status = jt808_number(order, "seconds", 1, 86400, 0, &seconds);
    status = status == BULLA_OK ? jt808_number(order, "sleep", 1, 604800, 0, &sleep) : status;
    if (status != BULLA_OK) {
        return status;
    }
    bulla_writer_put_u8(&order->body, sleep ? 3 : 2);
    put_dword(order, PARAM_STRATEGY, 0); /* by time */
    put_dword(order, PARAM_INTERVAL_S, seconds);
    if (sleep) {
        put_dword(order, PARAM_SLEEP_S, sleep);
    }
    return BULLA_OK;
}

static enum bulla_status params_get(struct jt808_order *order)
{
    const char *ids = proto_args_get(order->args, "ids");
    if (!ids) {
        return BULLA_OK;
    }
    order->id = 0x8106;
    bulla_writer_put_u8(&order->body, 0);
    for (uint8_t n = 0; n < PARAMS_MAX; ids++) {
        uint32_t id;
        if (!hex_number(&ids, &id) || (*ids && *ids != ',')) {
            return refuse(order, "ids", "hex numbers with commas between");
        }
        bulla_writer_put_u32(&order->body, id);
        order->body.at[0] = ++n;
        if (!*ids) {
            return BULLA_OK;
        }
    }
    return refuse(order, "ids", "100 at most");
}

static enum bulla_status number_of(struct jt808_order *order, size_t size)
{
    uint64_t value;
    enum bulla_status status = proto_args_number(order->link, order->args, "value", 0, UINT32_MAX >> (32 - 8 * size), &value);
    for (size_t i = size; status == BULLA_OK && i-- > 0;) {
        bulla_writer_put_u8(&order->body, (uint8_t)(value >> 8 * i));
    }
    return status;
}

/* Parameters of the standard that are not DWORDs. */
static const char *type_of(uint32_t id)
{
    static const struct {
        uint16_t first, last;
        const char *type;
    } types[] = {{0x10, 0x17, "text"}, {0x1A, 0x1A, "text"}, {0x1D, 0x1D, "text"}, {0x23, 0x26, "text"}, {0x31, 0x31, "word"},
                 {0x40, 0x44, "text"}, {0x48, 0x49, "text"}, {0x5B, 0x5E, "word"}, {0x81, 0x82, "word"}, {0x83, 0x83, "text"},
                 {0x84, 0x84, "byte"}, {0x90, 0x92, "byte"}, {0x94, 0x94, "byte"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (id >= types[i].first && id <= types[i].last) {
            return types[i].type;
        }
    }
    return "dword";
}

static enum bulla_status params_set(struct jt808_order *order)
{
    static const struct {
        const char *type;
        size_t size;
    } numbers[] = {{"byte", 1}, {"word", 2}, {"dword", 4}};
    uint32_t id;
    enum bulla_status status = hex_argument(order, "id", UINT32_MAX, &id);
    if (status != BULLA_OK) {
        return status;
    }
    const char *type = proto_args_get(order->args, "type");
    type = type ? type : type_of(id);
    bulla_writer_put_u8(&order->body, 1);
    bulla_writer_put_u32(&order->body, id);
    size_t length_at = order->body.len;
    bulla_writer_put_u8(&order->body, 0);
    status = refuse(order, "type", "byte, word, dword, text or hex");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (bulla_text_is(numbers[i].type, type)) {
            status = number_of(order, numbers[i].size);
        }
    }
    if (bulla_text_is(type, "text")) {
        status = put_text(order, "value");
    } else if (bulla_text_is(type, "hex")) {
        status = put_hex(order, "value");
    }
    size_t len = order->body.len - length_at - 1;
    order->body.at[length_at] = (uint8_t)len;
    return status == BULLA_OK && len > 255 ? refuse(order, "value", "255 bytes at most") : status;
}

/* ---- the rest ---- */

static enum bulla_status empty(struct jt808_order *order)
{
    (void)order;
    return BULLA_OK;
}

static enum bulla_status track(struct jt808_order *order)
{
    uint64_t seconds, duration;
    enum bulla_status status = jt808_number(order, "seconds", 0, 65535, 0, &seconds);
    status = status == BULLA_OK ? jt808_number(order, "duration", 1, UINT32_MAX, 3600, &duration) : status;
    if (status == BULLA_OK) {
        bulla_writer_put_u16(&order->body, (uint16_t)seconds);
        if (seconds) { /* 0 stops, and nothing follows it */
            bulla_writer_put_u32(&order->body, (uint32_t)duration);
        }
    }
    return status;
}

static enum bulla_status restart(struct jt808_order *order)
{
    bulla_writer_put_u8(&order->body, CONTROL_RESTART);
    return BULLA_OK;
}

static enum bulla_status power_off(struct jt808_order *order)
{
    bulla_writer_put_u8(&order->body, CONTROL_POWER_OFF);
    return BULLA_OK;
}

static enum bulla_status alarm_confirm(struct jt808_order *order)
{
    uint64_t serial;
    uint32_t mask = CONFIRMABLE;
    enum bulla_status status = jt808_number(order, "serial", 0, 65535, 0, &serial);
    if (status == BULLA_OK && proto_args_get(order->args, "mask")) {
        status = hex_argument(order, "mask", UINT32_MAX, &mask);
    }
    if (status == BULLA_OK && (mask & ~CONFIRMABLE)) {
        status = refuse(order, "mask", "bits 0, 3, 20, 21, 22, 27, 28 alone");
    }
    if (status == BULLA_OK) {
        bulla_writer_put_u16(&order->body, (uint16_t)serial);
        bulla_writer_put_u32(&order->body, mask);
    }
    return status;
}

static enum bulla_status photo(struct jt808_order *order)
{
    static const struct {
        const char *name;
        uint16_t min, max, otherwise;
        uint8_t size;
    } fields[] = {{"channel", 1, 255, 1, 1},     {"count", 0, 65535, 1, 2}, {"interval", 0, 65535, 0, 2},   {"save", 0, 1, 0, 1},
                  {"resolution", 1, 8, 2, 1},    {"quality", 1, 10, 5, 1},  {"brightness", 0, 255, 128, 1}, {"contrast", 0, 127, 64, 1},
                  {"saturation", 0, 127, 64, 1}, {"chroma", 0, 255, 128, 1}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        uint64_t value;
        enum bulla_status status = jt808_number(order, fields[i].name, fields[i].min, fields[i].max, fields[i].otherwise, &value);
        if (status != BULLA_OK) {
            return status;
        }
        if (fields[i].size == 2) {
            bulla_writer_put_u16(&order->body, (uint16_t)value);
        } else {
            bulla_writer_put_u8(&order->body, (uint8_t)value);
        }
    }
    return BULLA_OK;
}

static enum bulla_status pass_through(struct jt808_order *order)
{
    bool hex = proto_args_get(order->args, "hex") != NULL;
    if (!hex) {
        return through_text(order);
    }
    uint32_t type;
    enum bulla_status status = hex_argument(order, "type", 0xFF, &type);
    bulla_writer_put_u8(&order->body, status == BULLA_OK ? (uint8_t)type : 0);
    return status == BULLA_OK ? put_hex(order, "hex") : status;
}

static enum bulla_status raw(struct jt808_order *order)
{
    uint32_t id;
    enum bulla_status status = hex_argument(order, "id", 0xFFFF, &id);
    if (status != BULLA_OK) {
        return status;
    }
    order->id = (uint16_t)id;
    return put_hex(order, "body");
}

/* ---- the table ---- */

/* clang-format off */
#define VIA "[via] [code] [text] [type] [flags] [kind] [version]"
#define AREA "[attributes] [start] [end] [speed] [seconds] [night] [name] [version]"
#define TABLE(X) /* word, arguments, message, writer, secret, answers, about */ \
    X("unlock",         VIA, 0x8500, unlock, true, "8500", "Open the lock: 8500, or via=8105 code=, via=8300 text=, via=8900 text=") \
    X("lock",           VIA, 0x8500, lock, true, "8500", "Close the lock, in the same ways") \
    X("interval",       "seconds [sleep] [version]", 0x8103, interval, false, "8103", "Report every so many seconds; also while asleep") \
    X("locate",         "[version]", 0x8201, empty, false, "8201", "Ask for the position now") \
    X("track",          "seconds [duration] [version]", 0x8202, track, false, "8202", "Report faster for a while; 0 stops") \
    X("restart",        "[version]", 0x8105, restart, false, "8105", "Restart the device") \
    X("power-off",      "[version]", 0x8105, power_off, false, "8105", "Switch the device off") \
    X("params-get",     "[ids] [version]", 0x8104, params_get, false, "8104", "Read parameters: all, or ids=13,29 (hex)") \
    X("params-set",     "id value [type] [version]", 0x8103, params_set, true, "8103", "Set one parameter: id in hex, type byte, word, dword, text or hex") \
    X("attributes",     "[version]", 0x8107, empty, false, "8107", "Ask for model and firmware") \
    X("text",           "text [flags] [kind] [version]", 0x8300, text_body, true, "8300", "Send a text; a command channel on many locks") \
    X("pass-through",   "type [text] [hex] [version]", 0x8900, pass_through, true, "8900", "Send through the transparent channel; type in hex") \
    X("photo",          "[channel] [count] [interval] [save] [resolution] [quality] [brightness] [contrast] [saturation] [chroma] [version]", \
                        0x8801, photo, false, "8801", "Take photos") \
    X("alarm-confirm",  "[serial] [mask] [version]", 0x8203, alarm_confirm, false, "8203", "Confirm alarms; mask in hex") \
    X("driver-card",    "[version]", 0x8702, empty, false, "8702", "Ask for the driver's card") \
    X("area-circle",    "id lat lon radius " AREA, 0x8600, jt808_area_circle, false, "8600", "Add a circle that the device watches") \
    X("area-polygon",   "id points " AREA, 0x8604, jt808_area_polygon, false, "8604", "Add a polygon: points=lat,lon;lat,lon;lat,lon") \
    X("area-circle-delete",  "[ids] [version]", 0x8601, jt808_area_delete, false, "8601", "Delete circles: ids=1,2; none means all") \
    X("area-polygon-delete", "[ids] [version]", 0x8605, jt808_area_delete, false, "8605", "Delete polygons: ids=1,2; none means all") \
    X("raw",            "id [body] [version]", 0, raw, true, NULL, "Any message: id and body in hex")

#define JOINTECH "jointech"

const struct proto_command jt808_commands[] = {
#define X(word, args, id, put, secret, answers, about) {word, args, about, secret, answers},
    TABLE(X)
#undef X
    {JOINTECH, "group number [fields] [serial]", "A text command of Jointech locks: (id,1,serial,GROUP,number,fields)", true, NULL},
    {NULL, NULL, NULL, false, NULL},
};

static const struct {
    uint16_t id;
    jt808_order_put *put;
} orders[] = {
#define X(word, args, id, put, secret, answers, about) {id, put},
    TABLE(X)
#undef X
};
/* clang-format on */

static bool field_ok(const char *text, bool commas)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~' || *text == '(' || *text == ')' || (*text == ',' && !commas)) {
            return false;
        }
    }
    return true;
}

static enum bulla_status jointech(struct jt808_order *order, const char *device, struct bulla_writer *out)
{
    const char *group = proto_args_get(order->args, "group"), *number = proto_args_get(order->args, "number");
    const char *fields = proto_args_get(order->args, "fields"), *serial = proto_args_get(order->args, "serial");
    if (!field_ok(group, false)) {
        return refuse(order, "group", "one word");
    }
    if (!field_ok(number, false)) {
        return refuse(order, "number", "digits");
    }
    if ((fields && !field_ok(fields, true)) || (serial && !field_ok(serial, false))) {
        return refuse(order, fields ? "fields" : "serial", "characters without brackets and spaces");
    }
    const char *const parts[] = {"(", device, ",1,", serial ? serial : SERIAL_TEXT, ",", group, ",", number};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bulla_writer_put_text(out, parts[i]);
    }
    if (fields) {
        bulla_writer_put_text(out, ",");
        bulla_writer_put_text(out, fields);
    }
    bulla_writer_put_text(out, ")");
    return out->failed ? BULLA_FULL : BULLA_OK;
}

/* The header that the device itself used, when it spoke on this link and no other version is wanted. */
static enum bulla_status header_for(struct jt808_order *order, const char *device, struct jt808_head *head)
{
    const struct jt808_state *state = order->link->state;
    const char *version = proto_args_get(order->args, "version");
    if (version && !bulla_text_is(version, "2011") && !bulla_text_is(version, "2013") && !bulla_text_is(version, "2019")) {
        return refuse(order, "version", "2011, 2013 or 2019");
    }
    bool wanted = version && bulla_text_is(version, "2019");
    char last[BULLA_DEVICE_SIZE] = "";
    bool heard = state->last.id_len > 0;
    if (heard) {
        jt808_device_put(last, &state->last);
    }
    if (heard && bulla_text_is(last, device) && (!version || wanted == (state->last.version != 0))) {
        *head = state->last;
        head->short_serial = false;
        return BULLA_OK;
    }
    bool versioned = version ? wanted : bulla_length(device) > DIGITS_2013;
    if (!jt808_head_for(head, device, versioned)) {
        struct bulla_bytes got = {(const uint8_t *)device, bulla_length(device)};
        return proto_fail(order->link, BULLA_REFUSED, "device", versioned ? "up to 20 digits" : "up to 12 digits, or an IMEI", got);
    }
    return BULLA_OK;
}

enum bulla_status jt808_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                               struct bulla_writer *out)
{
    size_t which = 0;
    while (jt808_commands[which].name && !bulla_text_is(jt808_commands[which].name, command)) {
        which++;
    }
    if (!jt808_commands[which].name) {
        struct bulla_bytes got = {(const uint8_t *)command, bulla_length(command)};
        return proto_fail(link, BULLA_REFUSED, "command", "one of jt808", got);
    }
    enum bulla_status status = proto_args_check(link, &jt808_commands[which], args);
    if (status != BULLA_OK) {
        return status;
    }
    uint8_t body[JT808_BODY_MAX];
    struct jt808_order order = {.link = link, .args = args, .body = bulla_writer_over(body, sizeof body)};
    if (bulla_text_is(command, JOINTECH)) {
        return jointech(&order, device, out);
    }
    struct jt808_head head;
    status = header_for(&order, device, &head);
    if (status != BULLA_OK) {
        return status;
    }
    order.versioned = head.version != 0;
    order.id = orders[which].id;
    status = orders[which].put(&order);
    if (status != BULLA_OK) {
        return status;
    }
    if (order.body.failed) {
        return proto_fail_number(link, BULLA_REFUSED, "body", "1023 bytes at most", JT808_BODY_MAX + 1);
    }
    struct jt808_state *state = link->state;
    jt808_message_put(out, &head, order.id, state->serial, (struct bulla_bytes){body, order.body.len});
    if (out->failed) {
        return BULLA_FULL;
    }
    state->serial++;
    return BULLA_OK;
}
