/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/observed.h"

#include <stdlib.h>
#include <string.h>

json_t *out_observed_raw(struct bulla_bytes raw)
{
    char *hex = malloc(raw.len * 2 + 1), *text = malloc(raw.len + 1);
    json_t *json = NULL;
    if (hex && text) {
        bulla_hex_put(hex, raw.at, raw.len);
        hex[raw.len * 2] = '\0';
        for (size_t i = 0; i < raw.len; i++)
            text[i] = (char)(raw.at[i] >= 0x20 && raw.at[i] < 0x7F ? raw.at[i] : '.');
        text[raw.len] = '\0';
        json = json_pack("{s:s, s:s, s:I}", "hex", hex, "text", text, "length", (json_int_t)raw.len);
    }
    free(hex);
    free(text);
    return json ? json : json_null();
}

static void add_field(json_t *fields, const char *name, const json_t *value)
{
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_array_append_new(fields, json_pack("{s:s, s:s}", "name", name, "value",
                                            json_is_string(value)          ? json_string_value(value)
                                            : text && !json_is_null(value) ? text
                                                                           : "unknown"));
    free(text);
}

/* The leaves of an object with their paths: "state.shackle", "sensors.0.value". */
static void add_fields(json_t *fields, const char *path, const json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    char inside[160];
    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, name, member)
        {
            snprintf(inside, sizeof inside, "%s%s%s", path, path[0] ? "." : "", name);
            add_fields(fields, inside, member);
        }
    } else if (json_is_array(value)) {
        json_array_foreach((json_t *)(uintptr_t)value, i, member)
        {
            snprintf(inside, sizeof inside, "%s.%zu", path, i);
            add_fields(fields, inside, member);
        }
    } else {
        add_field(fields, path, value);
    }
}

json_t *out_observed_detail(const struct bulla_observation *o, struct bulla_bytes raw)
{
    json_t *observation = observation_to_json(o), *fields = json_array();
    add_fields(fields, "", observation);
    return json_pack("{s:o, s:o, s:n, s:o}", "observation", observation, "raw", out_observed_raw(raw), "protocol_title", "fields", fields);
}

int64_t out_observed_time(const struct bulla_observation *o)
{
    return bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : o->received_ms;
}

void out_observed_span(const struct journey *j, int64_t now_ms, int64_t *from_ms, int64_t *until_ms)
{
    *from_ms = j->created_ms;
    if (j->sealed_at_ms != BULLA_TIME_NONE && (*from_ms == BULLA_TIME_NONE || j->sealed_at_ms < *from_ms))
        *from_ms = j->sealed_at_ms;
    *until_ms = j->unsealed_at_ms != BULLA_TIME_NONE ? j->unsealed_at_ms : now_ms + 300000; /* device clocks run ahead */
}

bool out_observed_read_span(struct out_request *r, int64_t *from_ms, int64_t *until_ms)
{
    int64_t from = *from_ms, until = *until_ms;
    if (!out_param_time(r, "from", from, &from) || !out_param_time(r, "until", until, &until) ||
        !out_body_wants(r, from <= until || !out_request_param(r, "until"), "until", "a time not before from", "an earlier one"))
        return false;
    if (out_access_is_carrier(r)) {
        from = from < *from_ms ? *from_ms : from;
        until = until > *until_ms ? *until_ms : until;
    }
    *from_ms = from;
    *until_ms = until;
    return true;
}
