/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/in/items.h"

#include <stdio.h>
#include <string.h>

#include "platform/base/limits.h"
#include "proto/json_frame.h"

struct heard { /* what the decoder said of one item */
    struct bulla_observation o;
};

static void take(void *host, const struct bulla_observation *o)
{
    ((struct heard *)host)->o = *o;
}

static void ignore(void *host, const uint8_t *bytes, size_t n)
{
    (void)host, (void)bytes, (void)n;
}

static void read_one(struct bulla_bytes raw, const char *device, size_t item, const struct items_host *host)
{
    struct heard heard;
    struct proto_json_link own = {""};
    struct proto_link link = {.state = &own, .whole = true, .host = &heard, .emit = take, .reply = ignore};
    snprintf(own.device, sizeof own.device, "%s", device);
    if (raw.len > PROTO_JSON_MESSAGE_MAX)
        proto_fail_number(&link, BULLA_INSANE, "message", "at most 65536 bytes", (int64_t)raw.len);
    else if (proto_json.decode(&link, raw.at, raw.len) == BULLA_OK) {
        host->good(host->host, item, &heard.o, own.through_server, raw);
        return;
    }
    host->bad(host->host, item, link.error, raw);
}

/* Nothing is told of a message before all of it is known to be JSON. */
static size_t count(struct bulla_bytes message)
{
    struct proto_json_walk walk = proto_json_open(message);
    struct proto_json_value key, value;
    size_t n = 0;
    while (proto_json_next(&walk, &key, &value))
        n++;
    return walk.failed ? 0 : walk.close == '}' ? 1 : n;
}

size_t items_read(struct bulla_bytes message, const char *device, const struct items_host *host, char why[ITEMS_WHY_SIZE])
{
    if (device[0] && !proto_json_is_device((struct bulla_bytes){(const uint8_t *)device, strlen(device)})) {
        snprintf(why, ITEMS_WHY_SIZE, "device: expected %s, got %.60s", PROTO_JSON_NAME_EXPECTED, device);
        return 0;
    }
    size_t n = message.len <= LIMIT_ITEMS_BYTES ? count(message) : 0;
    if (n == 0 || n > LIMIT_ITEMS) {
        if (message.len > LIMIT_ITEMS_BYTES)
            snprintf(why, ITEMS_WHY_SIZE, "message: expected at most %d bytes, got %zu", LIMIT_ITEMS_BYTES, message.len);
        else if (n > LIMIT_ITEMS)
            snprintf(why, ITEMS_WHY_SIZE, "message: expected at most %d items, got %zu", LIMIT_ITEMS, n);
        else
            snprintf(why, ITEMS_WHY_SIZE, "message: expected a JSON object, or an array of them, got %s",
                     message.len ? "something else" : "nothing");
        return 0;
    }
    struct proto_json_walk walk = proto_json_open(message);
    if (walk.close == '}') {
        read_one(message, device, 0, host);
        return 1;
    }
    struct proto_json_value key, value;
    for (size_t i = 0; proto_json_next(&walk, &key, &value); i++)
        read_one(value.text, device, i, host);
    return n;
}
