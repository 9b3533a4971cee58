/* SPDX-License-Identifier: Apache-2.0
 *
 * What the values of a GB/T 23678 record may be, and its words. Values come here without padding, not empty,
 * and (but for the seal id) of printable characters.
 */
#include "bulla/gbt.h"
#include "bulla/seal_id.h"
#include "bulla/time.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool all(struct bulla_bytes value, size_t from, bool (*is)(uint8_t))
{
    for (size_t i = from; i < value.len; i++)
        if (!is(value.at[i]))
            return false;
    return true;
}

static unsigned digits(const uint8_t *at, unsigned n)
{
    unsigned value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value * 10 + (unsigned)(at[i] - '0');
    return value;
}

/* `value` has n digits, and they are a day and, as far as they go, a time of it. */
static bool is_calendar(struct bulla_bytes value, size_t n)
{
    if (value.len != n || !all(value, 0, is_digit))
        return false;
    struct bulla_calendar calendar = {
        .year = (int)digits(value.at, 4),
        .month = digits(value.at + 4, 2),
        .day = digits(value.at + 6, 2),
        .hour = n >= 12 ? digits(value.at + 8, 2) : 0,
        .minute = n >= 12 ? digits(value.at + 10, 2) : 0,
        .second = n >= 14 ? digits(value.at + 12, 2) : 0,
    };
    return bulla_calendar_valid(&calendar);
}

static bool is_id(struct bulla_bytes value, size_t bytes)
{
    return value.len == bytes && value.at[0] == BULLA_SEAL_ID_CLASS;
}

static bool is_date(struct bulla_bytes value, size_t bytes)
{
    return is_calendar(value, bytes);
}

static bool is_time(struct bulla_bytes value, size_t bytes)
{
    (void)bytes;
    return is_calendar(value, 12) || is_calendar(value, 14);
}

static bool is_code(struct bulla_bytes value, size_t bytes)
{
    (void)bytes;
    return all(value, 0, is_word);
}

static bool is_text(struct bulla_bytes value, size_t bytes)
{
    return value.len <= bytes;
}

static bool is_number(struct bulla_bytes value, size_t bytes)
{
    return value.len == bytes && all(value, 0, is_digit);
}

static bool is_container(struct bulla_bytes value, size_t bytes)
{
    struct bulla_container container;
    struct bulla_fault fault;
    (void)bytes;
    return bulla_container_decode(value, &container, &fault) == BULLA_OK;
}

static bool is_size_type(struct bulla_bytes value, size_t bytes)
{
    struct bulla_size_type size_type;
    struct bulla_fault fault;
    (void)bytes;
    return bulla_size_type_decode(value, &size_type, &fault) == BULLA_OK;
}

static bool is_state(struct bulla_bytes value, size_t bytes)
{
    (void)bytes;
    return *value.at == 'Y' || *value.at == 'N';
}

static bool is_unit(struct bulla_bytes value, size_t bytes)
{
    (void)bytes;
    return *value.at == 'F' || *value.at == 'C';
}

static bool is_danger(struct bulla_bytes value, size_t bytes)
{
    static const char *const classes[] = {"1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2",   "2.1", "2.2", "2.3",
                                          "3", "4.1", "4.2", "4.3", "5.1", "5.2", "6.1", "6.2", "7",   "8",   "9"};
    (void)bytes;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (bulla_bytes_is(value, classes[i]))
            return true;
    return false;
}

static bool is_un(struct bulla_bytes value, size_t bytes)
{
    return is_number(value, bytes) && digits(value.at, 4) > 0;
}

/* "-000" would be a second way to write 0. */
static bool is_temperature(struct bulla_bytes value, size_t bytes)
{
    bool negative = value.at[0] == '-';
    return value.len == bytes && all(value, negative, is_digit) && (!negative || digits(value.at + 1, 3) > 0);
}

static const struct node {
    const char *code, *text;
} nodes[] = {
#define X(code, text, standard) {code, text},
    BULLA_GBT_NODE_TABLE(X)
#undef X
};

static const struct node *node_find(struct bulla_bytes code)
{
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        if (bulla_bytes_is(code, nodes[i].code))
            return &nodes[i];
    return NULL;
}

static bool is_node(struct bulla_bytes value, size_t bytes)
{
    (void)bytes;
    return node_find(value) != NULL;
}

bool bulla_gbt_valid(enum bulla_gbt_kind kind, struct bulla_bytes value, size_t bytes)
{
    static bool (*const is[BULLA_GBT_KINDS])(struct bulla_bytes, size_t) = {
        [BULLA_GBT_KIND_ID] = is_id,
        [BULLA_GBT_KIND_DATE] = is_date,
        [BULLA_GBT_KIND_TIME] = is_time,
        [BULLA_GBT_KIND_CODE] = is_code,
        [BULLA_GBT_KIND_TEXT] = is_text,
        [BULLA_GBT_KIND_NUMBER] = is_number,
        [BULLA_GBT_KIND_CONTAINER] = is_container,
        [BULLA_GBT_KIND_SIZE_TYPE] = is_size_type,
        [BULLA_GBT_KIND_STATE] = is_state,
        [BULLA_GBT_KIND_DANGER] = is_danger,
        [BULLA_GBT_KIND_UN] = is_un,
        [BULLA_GBT_KIND_TEMPERATURE] = is_temperature,
        [BULLA_GBT_KIND_UNIT] = is_unit,
        [BULLA_GBT_KIND_NODE] = is_node,
    };
    return value.len > 0 && value.len <= bytes && is[kind](value, bytes);
}

/* ---- words ---- */

#define WORD(table, n) ((n) < sizeof table / sizeof *table ? table[n] : "unknown")

const char *bulla_gbt_segment_text(unsigned segment)
{
    static const char *const names[] = {
#define X(segment, name, bytes, deleted) name,
        BULLA_GBT_SEGMENT_TABLE(X)
#undef X
    };
    return WORD(names, segment);
}

const char *bulla_gbt_kind_text(unsigned kind)
{
    static const char *const expected[] = {
#define X(kind, expected) expected,
        BULLA_GBT_KIND_TABLE(X)
#undef X
    };
    return WORD(expected, kind);
}

const char *bulla_gbt_node_text(struct bulla_bytes code)
{
    const struct node *node = node_find(code);
    return node ? node->text : "unknown";
}

static const char *const readings[] = {
#define X(name, number, text) [number] = text,
    BULLA_GBT_READING_TABLE(X)
#undef X
};

static const char *const cargoes[] = {
#define X(name, number, text, bytes) [number] = text,
    BULLA_GBT_CARGO_TABLE(X)
#undef X
};

static int find_word(const char *const *words, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (bulla_text_is(words[i], text))
            return (int)i;
    return -1;
}

const char *bulla_gbt_reading_text(unsigned reading)
{
    return WORD(readings, reading);
}

int bulla_gbt_reading_from(const char *text)
{
    return find_word(readings, sizeof readings / sizeof *readings, text);
}

const char *bulla_gbt_cargo_text(unsigned cargo)
{
    return WORD(cargoes, cargo);
}

int bulla_gbt_cargo_from(const char *text)
{
    return find_word(cargoes, sizeof cargoes / sizeof *cargoes, text);
}
