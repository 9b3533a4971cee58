/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading JSON members with one sticky error, for the json_*.c files of this folder.
 */
#ifndef MODEL_JSON_PARTS_H
#define MODEL_JSON_PARTS_H

#include "platform/model/json.h"

struct json_reader {
    const json_t *object;
    const char *inside; /* name of the object for errors: "fix" */
    char *why;          /* first error; NULL-terminated, empty while all is well */
};

/* All return the member's value, or the fallback when it is absent; a wrong type writes to `why` once. */
const char *json_read_text(struct json_reader *r, const char *name, const char *fallback);
double json_read_number(struct json_reader *r, const char *name, double min, double max, double fallback);
int64_t json_read_integer(struct json_reader *r, const char *name, int64_t min, int64_t max, int64_t fallback);
bool json_read_bool(struct json_reader *r, const char *name, bool fallback);
int64_t json_read_time(struct json_reader *r, const char *name); /* BULLA_TIME_NONE when absent or null */
/* A word of an enum by its ..._from function; -1 when absent. */
int json_read_word(struct json_reader *r, const char *name, int (*from)(const char *));
/* Copies a text member into to[size]; too long is an error. */
void json_read_into(struct json_reader *r, const char *name, char *to, size_t size);
/* A member object or array, NULL when absent or null; another type is an error. */
const json_t *json_read_object(struct json_reader *r, const char *name);
const json_t *json_read_array(struct json_reader *r, const char *name);
/* True when the member is there and is JSON null. */
bool json_read_is_null(const struct json_reader *r, const char *name);
bool json_read_has(const struct json_reader *r, const char *name); /* there and not null */

/* Writes "inside.name: expected E, got G" unless an error stands already. */
void json_read_fail(struct json_reader *r, const char *name, const char *expected, const json_t *got);

/* Adds a text member unless the text is empty. */
void json_put_text(json_t *object, const char *name, const char *text);

/* A place as an object, and back; json_plan.c. */
json_t *json_place(const struct place *p);
struct place json_read_place(const json_t *json, const char *inside, char *why);
/* The profile, zones, points and legs of a journey. */
void json_put_plan(json_t *json, const struct journey *j);
void json_read_plan(struct json_reader *r, struct journey *j);

#endif
