/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/vec.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/wire.h"

#define NUMBER_TOLERANCE 1e-6

/* ---- reading ---- */

struct reader {
    FILE *from;
    struct vec_file *file;
    int line;
    char *field, *value; /* what is being collected over continuation lines; value is heap */
    int field_line;
    bool in_block;
    char *why;
    size_t why_size;
};

static bool fail(struct reader *r, const char *expected, const char *got)
{
    snprintf(r->why, r->why_size, "%s:%d: %s: expected %s, got \"%s\"", r->file->path, r->field_line ? r->field_line : r->line,
             r->field ? r->field : "line", expected, got);
    return false;
}

static int escape_value(const char *at, size_t *used)
{
    static const char letters[] = "rnt0\\\"'", values[] = "\r\n\t\0\\\"'";
    const char *letter = *at ? strchr(letters, *at) : NULL;
    uint8_t byte;
    if (letter) {
        *used = 1;
        return (unsigned char)values[letter - letters];
    }
    *used = 3;
    return *at == 'x' && at[1] && at[2] && bulla_hex_get(&byte, at + 1, 1) ? byte : -1;
}

bool vec_unescape(char *text, size_t *n)
{
    size_t to = 0;
    for (const char *at = text; *at;) {
        size_t used = 0;
        if (*at != '\\') {
            text[to++] = *at++;
            continue;
        }
        int value = escape_value(at + 1, &used);
        if (value < 0) {
            return false;
        }
        text[to++] = (char)value;
        at += 1 + used;
    }
    *n = to;
    return true;
}

static bool set_hex(struct reader *r, struct vec_block *block, char *value)
{
    size_t digits = 0;
    for (const char *c = value; *c; c++) {
        if (*c != ' ') {
            value[digits++] = *c;
        }
    }
    value[digits] = '\0';
    block->bytes = malloc(digits / 2 + 1);
    block->n = digits / 2;
    return block->bytes && digits % 2 == 0 && bulla_hex_get(block->bytes, value, block->n) ? true : fail(r, "hexadecimal", value);
}

static bool set_text(struct reader *r, struct vec_block *block, char *value)
{
    char *copy = strdup(value);
    block->bytes = (uint8_t *)copy;
    return copy && vec_unescape(copy, &block->n) ? true : fail(r, "C escapes", value);
}

/* "text:..." in the replies becomes hexadecimal. */
static void spell_replies(json_t *expect)
{
    json_t *replies = json_object_get(expect, "replies");
    for (size_t i = 0; i < json_array_size(replies); i++) {
        const char *reply = json_string_value(json_array_get(replies, i));
        if (reply && strncmp(reply, "text:", 5) == 0) {
            size_t n = strlen(reply + 5);
            char *hex = malloc(2 * n + 1);
            if (hex) {
                bulla_hex_put(hex, (const uint8_t *)reply + 5, n);
                json_array_set_new(replies, i, json_string(hex));
            }
            free(hex);
        }
    }
}

static bool set_expect(struct reader *r, struct vec_block *block, const char *value)
{
    json_error_t error;
    block->expect = json_loads(value, JSON_REJECT_DUPLICATES, &error);
    spell_replies(block->expect);
    return json_is_object(block->expect) ? true : fail(r, "a JSON object", block->expect ? value : error.text);
}

static bool set_short(struct reader *r, char *to, size_t size, const char *value)
{
    return snprintf(to, size, "%s", value) < (int)size ? true : fail(r, "a shorter text", value);
}

static bool set_number(struct reader *r, struct vec_block *block, const char *value)
{
    char *end;
    long minutes = strtol(value, &end, 10);
    block->profile.zone_minutes = (int16_t)minutes;
    block->profile.has_zone = true;
    return *value && !*end ? true : fail(r, "minutes", value);
}

static bool set_field(struct reader *r, struct vec_block *block, char *value)
{
    const char *field = r->field;
    if (strcmp(field, "name") == 0) {
        return (block->name = strdup(value)) != NULL;
    }
    if (strcmp(field, "state-from") == 0) {
        return (block->state_from = strdup(value)) != NULL;
    }
    if ((strcmp(field, "bytes") == 0 || strcmp(field, "text") == 0) && !block->bytes) {
        return field[0] == 'b' ? set_hex(r, block, value) : set_text(r, block, value);
    }
    if (strcmp(field, "expect") == 0) {
        return set_expect(r, block, value);
    }
    if (strcmp(field, "model") == 0) {
        return set_short(r, block->profile.model, sizeof block->profile.model, value);
    }
    if (strcmp(field, "settings") == 0) {
        return set_short(r, block->profile.settings, sizeof block->profile.settings, value);
    }
    if (strcmp(field, "zone") == 0) {
        return set_number(r, block, value);
    }
    if (strcmp(field, "now") == 0) {
        block->now_ms = bulla_time_get(value);
        return block->now_ms != BULLA_TIME_NONE ? true : fail(r, "RFC 3339", value);
    }
    return fail(r, "name, bytes, text, state-from, model, settings, zone, now or expect, once", value);
}

static struct vec_block *block_new(struct reader *r)
{
    struct vec_block *grown = realloc(r->file->blocks, (r->file->n + 1) * sizeof *grown);
    if (!grown) {
        return NULL;
    }
    r->file->blocks = grown;
    grown[r->file->n] = (struct vec_block){.now_ms = bulla_time_get(WIRE_NOW), .line = r->line};
    return &grown[r->file->n++];
}

/* The field that was being collected is complete. */
static bool finish_field(struct reader *r)
{
    if (!r->field) {
        return true;
    }
    bool good = set_field(r, &r->file->blocks[r->file->n - 1], r->value);
    free(r->field);
    free(r->value);
    r->field = r->value = NULL;
    r->field_line = 0;
    return good;
}

static bool finish_block(struct reader *r)
{
    if (!finish_field(r)) {
        return false;
    }
    if (!r->in_block) {
        return true;
    }
    r->in_block = false;
    const struct vec_block *block = &r->file->blocks[r->file->n - 1];
    if (!block->name || !block->bytes || !block->expect) {
        return fail(r, "name, bytes or text, and expect in each block", block->name ? block->name : "");
    }
    for (size_t i = 0; i + 1 < r->file->n; i++) {
        if (strcmp(r->file->blocks[i].name, block->name) == 0) {
            return fail(r, "names that occur once in a file", block->name);
        }
    }
    return true;
}

static bool continue_field(struct reader *r, const char *text)
{
    if (!r->field) {
        return fail(r, "field: value", text);
    }
    text += strspn(text, " \t");
    char *joined = malloc(strlen(r->value) + strlen(text) + 1);
    if (!joined) {
        return fail(r, "memory", text);
    }
    sprintf(joined, "%s%s", r->value, text);
    free(r->value);
    r->value = joined;
    return true;
}

static bool start_field(struct reader *r, const char *text)
{
    const char *colon = strchr(text, ':');
    if (!finish_field(r)) {
        return false;
    }
    if (!colon) {
        return fail(r, "field: value", text);
    }
    if (!r->in_block && !block_new(r)) {
        return fail(r, "memory", text);
    }
    r->in_block = true;
    r->field_line = r->line;
    r->field = strndup(text, (size_t)(colon - text));
    r->value = strdup(colon + 1 + strspn(colon + 1, " \t"));
    return r->field && r->value;
}

static bool take_line(struct reader *r, char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    r->line++;
    if (r->line == 1 && strncmp(text, "# source: ", 10) != 0) {
        return fail(r, "# source: ... in the first line", text);
    }
    if (text[0] == '#') {
        return true;
    }
    if (text[strspn(text, " \t")] == '\0') {
        return finish_block(r);
    }
    return text[0] == ' ' || text[0] == '\t' ? continue_field(r, text) : start_field(r, text);
}

static bool read_all(struct reader *r)
{
    char *text = NULL;
    size_t size = 0;
    bool good = true;
    while (good && getline(&text, &size, r->from) >= 0) {
        good = take_line(r, text);
    }
    free(text);
    good = good && finish_block(r);
    if (good && r->file->n == 0) {
        good = fail(r, "at least one block", "");
    }
    free(r->field);
    free(r->value);
    return good;
}

struct vec_file *vec_read(const char *path, char *why, size_t size)
{
    struct vec_file *file = calloc(1, sizeof *file);
    FILE *from = fopen(path, "r");
    if (!file || !from) {
        snprintf(why, size, "%s: %s", path, strerror(errno));
        free(file);
        return NULL;
    }
    file->path = strdup(path);
    struct reader r = {.from = from, .file = file, .why = why, .why_size = size};
    bool good = file->path && read_all(&r);
    fclose(from);
    if (!good) {
        vec_free(file);
        return NULL;
    }
    return file;
}

void vec_free(struct vec_file *file)
{
    for (size_t i = 0; file && i < file->n; i++) {
        struct vec_block *block = &file->blocks[i];
        free(block->name);
        free(block->state_from);
        free(block->bytes);
        json_decref(block->expect);
    }
    if (file) {
        free(file->blocks);
        free(file->path);
        free(file);
    }
}

const struct vec_block *vec_find(const struct vec_file *file, const char *name)
{
    for (size_t i = 0; i < file->n; i++) {
        if (strcmp(file->blocks[i].name, name) == 0) {
            return &file->blocks[i];
        }
    }
    return NULL;
}

/* ---- matching ---- */

static bool differ(const char *where, const json_t *expected, const json_t *got, char *why, size_t size)
{
    char *e = json_dumps(expected, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));
    char *g = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    snprintf(why, size, "%s: expected %s, got %s", where, e ? e : "?", g ? g : "nothing");
    free(e);
    free(g);
    return false;
}

static bool match(const char *where, const json_t *expected, const json_t *got, char *why, size_t size);

static bool match_object(const char *where, const json_t *expected, const json_t *got, char *why, size_t size)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)expected, key, value)
    {
        char inner[200];
        snprintf(inner, sizeof inner, "%s.%s", where, key);
        if (!match(inner, value, json_object_get(got, key), why, size)) {
            return false;
        }
    }
    return true;
}

static bool match_array(const char *where, const json_t *expected, const json_t *got, char *why, size_t size)
{
    if (json_array_size(expected) != json_array_size(got)) {
        return differ(where, expected, got, why, size);
    }
    for (size_t i = 0; i < json_array_size(expected); i++) {
        char inner[200];
        snprintf(inner, sizeof inner, "%s[%zu]", where, i);
        if (!match(inner, json_array_get(expected, i), json_array_get(got, i), why, size)) {
            return false;
        }
    }
    return true;
}

static bool match(const char *where, const json_t *expected, const json_t *got, char *why, size_t size)
{
    if (json_is_number(expected) && json_is_number(got)) {
        double apart = fabs(json_number_value(expected) - json_number_value(got));
        return apart <= NUMBER_TOLERANCE ? true : differ(where, expected, got, why, size);
    }
    if (!got || json_typeof(expected) != json_typeof(got)) {
        return differ(where, expected, got, why, size);
    }
    if (json_is_object(expected)) {
        return match_object(where, expected, got, why, size);
    }
    if (json_is_array(expected)) {
        return match_array(where, expected, got, why, size);
    }
    bool any = json_is_string(expected) && strcmp(json_string_value(expected), "*") == 0;
    return any || json_equal(expected, got) ? true : differ(where, expected, got, why, size);
}

bool vec_match(const json_t *expected, const json_t *got, char *why, size_t size)
{
    return match("expect", expected, got, why, size);
}
