/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of a JSON object as a table: name, where it goes, what it may be. What the table does not name is passed over.
 *
 *   static const struct json_member fix[] = {{"lat", ...}, ...};
 *   json_members_read(&reading, fix, sizeof fix / sizeof *fix, object)
 */
#ifndef PROTO_JSON_MEMBER_H
#define PROTO_JSON_MEMBER_H

#include "proto/json.h"
#include "proto/proto.h"

struct json_member;

struct json_reading {
    struct proto_link *link;
    struct bulla_observation *o;
    void *base; /* where the offsets of the table at hand begin */
    /* names, as they were said; "" : not */
    char device[BULLA_DEVICE_SIZE];  /* by the device itself */
    char eui[BULLA_DEVICE_SIZE];     /* by a network server */
    char network[BULLA_DEVICE_SIZE]; /* the same, its own name for it */
    bool has_lat, has_lon, has_valid;
};

typedef enum bulla_status (*json_read_fn)(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value);

struct json_table {
    const struct json_member *members;
    size_t n; /* at most 64 */
};

struct json_member {
    const char *name;
    const char *field; /* how errors name it: "fix.lat" */
    json_read_fn read;
    const char *expected; /* for errors */
    uint32_t has;         /* bit of the observation, 0: none; null sets `unknown` too */
    uint16_t at;          /* offset from base */
    uint8_t size;         /* of the number or text there */
    uint8_t decimals;     /* its unit is 10^-decimals */
    int64_t min, max;     /* in that unit */
    int (*word)(const char *text);
    uint8_t null; /* what null means, where a word goes: its number for "unknown"; for sensors: their kind */
    const struct json_table *inside;
};

/* Reads an object's members. OK, or why not in link->error. A member that stands twice is refused. */
enum bulla_status json_members_read(struct json_reading *r, const struct json_table *table, struct bulla_bytes object);

/* Reads each item of an array of objects: `begin` makes room and sets r->base; `most` items. */
enum bulla_status json_items_read(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value, unsigned most,
                                  enum bulla_status (*item)(struct json_reading *r, const struct json_member *m,
                                                            struct bulla_bytes object));

/* --- what may stand in `read` --- */
enum bulla_status json_member_number(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value);
enum bulla_status json_member_flag(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value);
enum bulla_status json_member_word(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value);
enum bulla_status json_member_text(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value);
enum bulla_status json_member_object(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value);

/* INSANE, with "field: expected E, got G" in link->error. */
enum bulla_status json_member_fail(const struct json_reading *r, const struct json_member *m, struct bulla_bytes got);

bool json_value_is_null(const struct proto_json_value *value);
/* The text of a string with its NUL in to[size]; false when it is none, empty parts of it are missing or it does not fit. */
bool json_value_text(const struct proto_json_value *value, char *to, size_t size);

#endif
