/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON of a device, a smart container or a LoRaWAN network server: one object a message. What it may have is json_table.c; how it
 * comes over MQTT and HTTP, docs/devices-json.md. Over TCP the objects stand one behind the other, blanks between them.
 *
 * A message names its device ("device", "seal"), or the topic or address does that brings it; where both do, they agree. A network
 * server's name for it is the EUI, in small letters.
 *
 * Commands: {"command": NAME, "args": {...}}; the answer is a message with `result`, whose `command` is that name.
 */
#include "proto/json_device.h"

#include "proto/json_frame.h"

bool proto_json_is_device(struct bulla_bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_')) {
            return false;
        }
    }
    return name.len > 0 && name.len < BULLA_DEVICE_SIZE;
}

/* Anything that begins with a brace would be this: it is never taken for it, a listener must be told. */
static enum bulla_status probe(const uint8_t *at, size_t n)
{
    (void)at;
    return n ? BULLA_NOT_MINE : BULLA_MORE;
}

/* ---- after all members were read ---- */

static bool same_letters(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a >= 'A' && *a <= 'Z' ? (char)(*a + ('a' - 'A')) : *a;
        char y = *b >= 'A' && *b <= 'Z' ? (char)(*b + ('a' - 'A')) : *b;
        if (x != y) {
            return false;
        }
    }
    return *a == *b;
}

static enum bulla_status name_device(struct json_reading *r)
{
    struct proto_json_link *own = r->link->state;
    const char *outside = own->device;
    const char *server = r->eui[0] ? r->eui : r->network;
    const char *name = r->device[0] ? r->device : server[0] ? server : outside;
    if (!name[0]) {
        return proto_fail(r->link, BULLA_INSANE, "device", PROTO_JSON_NAME_EXPECTED, (struct bulla_bytes){NULL, 0});
    }
    bool agrees = !outside[0] || (r->device[0] ? bulla_text_is(r->device, outside)
                                               : !server[0] || same_letters(r->eui, outside) || same_letters(r->network, outside));
    if (!agrees) {
        return proto_fail(r->link, BULLA_INSANE, "device", "the name under which the message came",
                          (struct bulla_bytes){(const uint8_t *)name, bulla_length(name)});
    }
    own->through_server = server[0] != '\0';
    bulla_copy(r->o->device, name, bulla_length(name) + 1);
    return BULLA_OK;
}

static enum bulla_status finish_fix(struct json_reading *r)
{
    struct bulla_observation *o = r->o;
    if (bulla_observation_knows(o, BULLA_HAS_FIX) && r->has_lat != r->has_lon) {
        return proto_fail(r->link, BULLA_INSANE, r->has_lat ? "fix.lon" : "fix.lat", "degrees beside the other coordinate",
                          (struct bulla_bytes){NULL, 0});
    }
    if (!r->has_valid) {
        o->fix_valid = o->lat_e7 != 0 || o->lon_e7 != 0;
    }
    o->course_cdeg = o->course_cdeg == 36000 ? 0 : o->course_cdeg;
    return BULLA_OK;
}

static enum bulla_status finish(struct json_reading *r)
{
    struct bulla_observation *o = r->o;
    const struct bulla_state *s = &o->state;
    enum bulla_status status = name_device(r);
    status = status == BULLA_OK ? finish_fix(r) : status;
    bool says = (o->has & ~(uint32_t)(BULLA_HAS_TIME | BULLA_HAS_COUNTER)) || o->events || s->seal || s->shackle || s->motor || s->cover ||
                s->door || o->n_sensors || o->n_cells || o->n_sublocks;
    if (status == BULLA_OK && !says) {
        return proto_fail(r->link, BULLA_INSANE, "message", "something that docs/devices-json.md lists", (struct bulla_bytes){NULL, 0});
    }
    if (!o->state.seal) {
        o->state.seal = (uint8_t)bulla_seal_from((enum bulla_shackle)s->shackle, (enum bulla_motor)s->motor);
    }
    return status;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct bulla_observation o;
    bulla_observation_init(&o, "json");
    struct json_reading r = {.link = link, .o = &o, .base = &o};
    struct bulla_bytes message = {at, n};
    struct proto_json_walk walk = proto_json_open(message);
    if (walk.failed || walk.close != '}') {
        return proto_fail(link, BULLA_NOT_MINE, "message", "a JSON object", message);
    }
    enum bulla_status status = json_members_read(&r, &json_message_table, message);
    status = status == BULLA_OK ? finish(&r) : status;
    if (status == BULLA_OK) {
        link->emit(link->host, &o);
    }
    return status;
}

/* ---- commands ---- */

static const struct proto_command commands[] = {
    {"unlock", "[password]", "Opens the lock", true, "unlock"},
    {"lock", "", "Closes the lock", false, "lock"},
    {"interval", "seconds", "Reports every so many seconds, 1 to 86400", false, "interval"},
    {"locate", "", "Asks for a report with a position now", false, "locate"},
    {"restart", "", "Starts the device anew", false, "restart"},
    {NULL},
};

static void put_string(struct bulla_writer *out, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    bulla_writer_put_u8(out, '"');
    for (; *text; text++) {
        uint8_t c = (uint8_t)*text;
        if (c < 0x20) {
            bulla_writer_put_text(out, "\\u00");
            bulla_writer_put_u8(out, (uint8_t)digits[c >> 4]);
            bulla_writer_put_u8(out, (uint8_t)digits[c & 15]);
            continue;
        }
        if (c == '"' || c == '\\') {
            bulla_writer_put_u8(out, '\\');
        }
        bulla_writer_put_u8(out, c);
    }
    bulla_writer_put_u8(out, '"');
}

static enum bulla_status encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                struct bulla_writer *out)
{
    const struct proto_command *known = proto_command_find(&proto_json, command);
    uint64_t seconds;
    (void)device;
    if (!known) {
        return proto_fail(link, BULLA_REFUSED, "command", "unlock, lock, interval, locate or restart",
                          (struct bulla_bytes){(const uint8_t *)command, bulla_length(command)});
    }
    enum bulla_status status = proto_args_check(link, known, args);
    if (status == BULLA_OK && bulla_text_is(command, "interval")) {
        status = proto_args_number(link, args, "seconds", 1, 86400, &seconds);
    }
    if (status != BULLA_OK) {
        return status;
    }
    bulla_writer_put_text(out, "{\"command\":");
    put_string(out, command);
    bulla_writer_put_text(out, ",\"args\":{");
    for (size_t i = 0; i < args->n; i++) {
        bulla_writer_put_text(out, i ? "," : "");
        put_string(out, args->arg[i].name);
        bulla_writer_put_u8(out, ':');
        put_string(out, args->arg[i].value);
    }
    bulla_writer_put_text(out, "}}");
    return out->failed ? BULLA_FULL : BULLA_OK;
}

const struct proto proto_json = {
    .number = 14,
    .name = "json",
    .title = "JSON of devices, containers and LoRaWAN network servers",
    .transports = "tcp mqtt http",
    .port = 0,
    .state_size = sizeof(struct proto_json_link),
    .frame_max = PROTO_JSON_MESSAGE_MAX,
    .probe = probe,
    .frame = proto_json_frame,
    .decode = decode,
    .encode = encode,
    .commands = commands,
};
