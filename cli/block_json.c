/* SPDX-License-Identifier: Apache-2.0
 *
 * The ISO/DIS 18185 block as JSON, both ways.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/seal_json.h"

#define FREE_DIGITS (2 * BULLA_BLOCK_PAYLOAD)

/* ---- writing ---- */

static json_t *remarks_of(const struct bulla_block *block)
{
    static const struct {
        unsigned remark;
        const char *text;
    } texts[] = {
        {BULLA_BLOCK_SPARE_SET, "spare bits are set"},
        {BULLA_BLOCK_FOUR_LETTERS, "the seal number has four letters"},
        {BULLA_BLOCK_CONTAINER_WRONG, "the container number is wrong: see bulla container"},
        {BULLA_BLOCK_NO_CONTAINER, "no container number"},
    };
    json_t *remarks = json_array();
    unsigned found = bulla_block_remarks(block);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (found & texts[i].remark) {
            json_array_append_new(remarks, json_string(texts[i].text));
        }
    }
    return remarks;
}

static json_t *extension_of(const struct bulla_chain *chain)
{
    char random[5];
    if (!chain->block.extended) {
        return json_null();
    }
    snprintf(random, sizeof random, "%04x", chain->extension.random);
    json_t *free = json_array();
    for (unsigned i = 0; i < chain->n_free; i++) {
        json_array_append_new(free, cli_hex_json((struct bulla_bytes){chain->free[i].bits, sizeof chain->free[i].bits}));
    }
    return json_pack("{s:s, s:o, s:o}", "random", random, "spare",
                     cli_hex_json((struct bulla_bytes){chain->extension.spare, sizeof chain->extension.spare}), "free", free);
}

static json_t *chain_json(json_t *bytes, const struct bulla_chain *chain, int32_t written, bool *good)
{
    const struct bulla_block *block = &chain->block;
    enum bulla_evidence evidence = bulla_block_judge(block, block->extended ? &chain->extension : NULL, written);
    bool wrong = bulla_block_remarks(block) & BULLA_BLOCK_CONTAINER_WRONG;
    *good &= !wrong;
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:I, s:o, s:i, s:o, s:s, s:o, s:o}", "bytes", bytes, "crc", "ok", "reading",
                     bulla_reading_text(block->reading), "crc_init", block->start == BULLA_START_FFFF ? "ffff" : "0000", "status",
                     block->secure ? "secure" : "tampered", "battery", block->battery_good ? "good" : "low", "maker", block->maker, "alpha",
                     block->alpha, "number", (json_int_t)block->number, "container",
                     block->container[0] ? json_string(block->container) : json_null(), "spare", block->spare, "extension",
                     extension_of(chain), "evidence", bulla_evidence_text(evidence), "remarks", remarks_of(block), "error",
                     wrong ? json_sprintf("container: expected an ISO 6346 number, got %s", block->container) : json_null());
}

/* What stands where the fault is: two bytes from the one that holds the bit, or how many there are. */
static json_t *error_of(struct bulla_bytes bytes, const struct bulla_fault *fault)
{
    size_t at = fault->at / 8;
    return at + 1 < bytes.len ? json_sprintf("%s, bit %u: expected %s, got %02x%02x", fault->field, fault->at, fault->expected,
                                             bytes.at[at], bytes.at[at + 1])
                              : json_sprintf("%s, bit %u: expected %s, got %zu bytes", fault->field, fault->at, fault->expected, bytes.len);
}

json_t *cli_block_json(struct bulla_bytes bytes, enum bulla_reading reading, enum bulla_start accepted, int32_t written, bool *good)
{
    struct bulla_chain chain;
    struct bulla_fault fault;
    json_t *hex = cli_hex_json(bytes);
    enum bulla_status status = bulla_chain_decode(bytes, reading, accepted, &chain, &fault);
    if (status == BULLA_OK) {
        return chain_json(hex, &chain, written, good);
    }
    *good = false;
    bool crc = status == BULLA_DAMAGED && strcmp(fault.field, "crc") == 0;
    return json_pack("{s:o, s:o, s:s, s:s, s:o}", "bytes", hex, "crc", crc ? json_string("bad") : json_null(), "reading",
                     bulla_reading_text(reading), "outcome", bulla_status_text(status), "error", error_of(bytes, &fault));
}

/* ---- reading ---- */

struct source {
    const json_t *object;
    char *why;
    size_t size;
    bool failed;
};

static void fail(struct source *s, const char *member, const char *expected)
{
    char *got = json_dumps(json_object_get(s->object, member), JSON_ENCODE_ANY | JSON_COMPACT);
    if (!s->failed) {
        snprintf(s->why, s->size, "%s: expected %s, got %.60s", member, expected, got ? got : "nothing");
    }
    s->failed = true;
    free(got);
}

/* The member's text; `otherwise` when it is absent or null, which NULL forbids. */
static const char *get_text(struct source *s, const char *member, const char *otherwise, const char *expected)
{
    const json_t *value = json_object_get(s->object, member);
    if ((!value || json_is_null(value)) && otherwise) {
        return otherwise;
    }
    if (!json_is_string(value)) {
        fail(s, member, expected);
        return "";
    }
    return json_string_value(value);
}

/* True for `yes`, false for `no`. */
static bool get_word(struct source *s, const char *member, const char *otherwise, const char *yes, const char *no)
{
    char expected[60];
    snprintf(expected, sizeof expected, "%s or %s", yes, no);
    const char *text = get_text(s, member, otherwise, expected);
    if (strcmp(text, yes) != 0 && strcmp(text, no) != 0) {
        fail(s, member, expected);
    }
    return strcmp(text, yes) == 0;
}

static uint32_t get_number(struct source *s, const char *member, uint32_t most, const char *expected)
{
    const json_t *value = json_object_get(s->object, member);
    if (!value) {
        return 0;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most) {
        fail(s, member, expected);
    }
    return (uint32_t)json_integer_value(value);
}

static void get_chars(struct source *s, const char *member, char *to, size_t size, const char *expected)
{
    const char *text = get_text(s, member, "", expected);
    if (strlen(text) >= size) {
        fail(s, member, expected);
        return;
    }
    memcpy(to, text, strlen(text) + 1);
}

static void get_hex(struct source *s, const char *member, const char *hex, uint8_t *to, size_t n, const char *expected)
{
    if (strlen(hex) != 2 * n || !bulla_hex_get(to, hex, n)) {
        fail(s, member, expected);
    }
}

static void get_extension(struct source *outer, struct bulla_chain *chain)
{
    static const char no_spare[] = "000000000000000000000000";
    uint8_t random[2] = {0};
    struct source s = {json_object_get(outer->object, "extension"), outer->why, outer->size, outer->failed};
    if (!s.object || json_is_null(s.object)) {
        return;
    }
    const json_t *free = json_object_get(s.object, "free");
    size_t n_free = json_array_size(free);
    get_hex(&s, "random", get_text(&s, "random", "0000", "four hexadecimal digits"), random, 2, "four hexadecimal digits");
    get_hex(&s, "spare", get_text(&s, "spare", no_spare, "24 hexadecimal digits"), chain->extension.spare, sizeof chain->extension.spare,
            "24 hexadecimal digits");
    if ((free && !json_is_array(free)) || n_free > BULLA_CHAIN_FREE_MAX) {
        fail(&s, "free", "an array of at most six blocks");
        n_free = 0;
    }
    for (size_t i = 0; i < n_free; i++) {
        const char *hex = json_string_value(json_array_get(free, i));
        get_hex(&s, "free", hex ? hex : "", chain->free[i].bits, BULLA_BLOCK_PAYLOAD, "blocks of 28 hexadecimal digits");
        chain->free[i].extended = i + 1 < n_free;
    }
    chain->block.extended = true;
    chain->extension.extended = n_free > 0;
    chain->extension.random = (uint16_t)(random[0] << 8 | random[1]);
    chain->n_free = (uint8_t)n_free;
    outer->failed = s.failed;
}

static void refuse_unknown(struct source *s)
{
    static const char *const known[] = {"bytes",  "crc",       "reading", "crc_init",  "status",   "battery", "maker", "alpha",
                                        "number", "container", "spare",   "extension", "evidence", "remarks", "error"};
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)s->object, member, value)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            found |= strcmp(known[i], member) == 0;
        }
        if (!found) {
            fail(s, member, "one of the members that bulla block decode prints");
        }
    }
}

bool cli_block_from_json(const json_t *object, struct bulla_chain *chain, char *why, size_t size)
{
    struct source s = {object, why, size, false};
    struct bulla_chain got = {0};
    struct bulla_block *block = &got.block;
    refuse_unknown(&s);
    int reading = bulla_reading_from(get_text(&s, "reading", "table", "table or clauses"));
    if (reading < 0) {
        fail(&s, "reading", "table or clauses");
    }
    block->reading = (uint8_t)reading;
    block->start = get_word(&s, "crc_init", "ffff", "ffff", "0000") ? BULLA_START_FFFF : BULLA_START_0000;
    block->secure = get_word(&s, "status", NULL, "secure", "tampered");
    block->battery_good = get_word(&s, "battery", "good", "good", "low");
    block->maker = (uint8_t)get_number(&s, "maker", 255, "0 to 255");
    block->spare = (uint8_t)get_number(&s, "spare", 31, "0");
    block->number = get_number(&s, "number", BULLA_BLOCK_NUMBER_MAX, "0 to 268435455");
    get_chars(&s, "alpha", block->alpha, sizeof block->alpha, "at most four capital letters");
    get_chars(&s, "container", block->container, sizeof block->container, "an ISO 6346 number, or null");
    get_extension(&s, &got);
    if (!s.failed) {
        *chain = got;
    }
    return !s.failed;
}
