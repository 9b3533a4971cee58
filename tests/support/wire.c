/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/model/json.h"

/* ---- what the protocol may ask for ---- */

struct wire_block {
    struct wire_block *next, *previous;
    alignas(max_align_t) uint8_t bytes[];
};

static void leave(struct wire *wire, struct wire_block *block)
{
    *(block->previous ? &block->previous->next : &wire->blocks) = block->next;
    if (block->next) {
        block->next->previous = block->previous;
    }
}

static void enter(struct wire *wire, struct wire_block *block)
{
    block->previous = NULL;
    block->next = wire->blocks;
    if (block->next) {
        block->next->previous = block;
    }
    wire->blocks = block;
}

static void *get_memory(void *host, void *bytes, size_t size)
{
    struct wire *wire = host;
    struct wire_block *block = bytes ? (struct wire_block *)((uint8_t *)bytes - offsetof(struct wire_block, bytes)) : NULL;
    if (block) {
        leave(wire, block);
    }
    if (size == 0) {
        free(block);
        return NULL;
    }
    block = realloc(block, sizeof *block + size);
    assert_non_null(block);
    enter(wire, block);
    return block->bytes;
}

static void fill_random(void *host, uint8_t *to, size_t n)
{
    struct wire *wire = host;
    for (size_t i = 0; i < n; i++) {
        wire->random = wire->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        to[i] = (uint8_t)(wire->random >> 56);
    }
}

static void take_observation(void *host, const struct bulla_observation *o)
{
    struct wire *wire = host;
    assert_string_equal(o->protocol, wire->proto->name);
    json_t *json = observation_to_json(o);
    assert_non_null(json);
    json_array_append_new(wire->observations, json);
}

static void take_reply(void *host, const uint8_t *bytes, size_t n)
{
    struct wire *wire = host;
    char *hex = malloc(2 * n + 1);
    assert_non_null(hex);
    bulla_hex_put(hex, bytes, n);
    json_array_append_new(wire->replies, json_string(hex));
    free(hex);
}

/* ---- life ---- */

void wire_clear(struct wire *wire)
{
    json_array_clear(wire->observations);
    json_array_clear(wire->replies);
    json_array_clear(wire->outcomes);
    wire->error[0] = '\0';
    wire->skipped = 0;
}

void wire_open(struct wire *wire, const struct proto *proto, const struct proto_profile *profile, int64_t now_ms)
{
    memset(wire, 0, sizeof *wire);
    assert_true(proto->state_size <= sizeof wire->state);
    wire->proto = proto;
    wire->random = 1;
    wire->profile = profile ? *profile : (struct proto_profile){0};
    wire->observations = json_array();
    wire->replies = json_array();
    wire->outcomes = json_array();
    wire->link = (struct proto_link){
        .state = wire->state,
        .profile = profile ? &wire->profile : NULL,
        .now_ms = now_ms,
        .host = wire,
        .emit = take_observation,
        .reply = take_reply,
        .memory = get_memory,
        .random = fill_random,
    };
}

void wire_close(struct wire *wire)
{
    while (wire->blocks) {
        struct wire_block *next = wire->blocks->next;
        free(wire->blocks);
        wire->blocks = next;
    }
    json_decref(wire->observations);
    json_decref(wire->replies);
    json_decref(wire->outcomes);
    free(wire->buffer);
}

/* ---- bytes ---- */

enum bulla_status wire_decode(struct wire *wire, const uint8_t *at, size_t n, bool whole)
{
    size_t before = json_array_size(wire->observations);
    wire->link.whole = whole;
    wire->link.error[0] = '\0';
    enum bulla_status status = wire->proto->decode(&wire->link, at, n);
    if (status != BULLA_OK) {
        assert_int_equal(json_array_size(wire->observations), before);
        if (!wire->error[0]) {
            memcpy(wire->error, wire->link.error, sizeof wire->error);
        }
    }
    json_array_append_new(wire->outcomes, json_string(bulla_status_text(status)));
    return status;
}

/* A copy of exactly n bytes, so that a sanitizer sees every step beyond them. */
static uint8_t *exact(const uint8_t *at, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, at, n);
    return copy;
}

/* One round of the listener's loop; false when more bytes are needed. */
static bool step(struct wire *wire)
{
    struct proto_frame frame = {0};
    uint8_t *given = exact(wire->buffer, wire->n);
    wire->link.whole = false;
    enum bulla_status status = wire->proto->frame(&wire->link, given, wire->n, &frame);
    assert_true(status == BULLA_OK || status == BULLA_MORE);
    assert_true(frame.skip <= wire->n);
    wire->skipped += frame.skip;
    size_t used = frame.skip;
    if (status == BULLA_OK) {
        assert_true(frame.len > 0 && frame.len <= wire->n - frame.skip);
        uint8_t *message = exact(given + frame.skip, frame.len);
        wire_decode(wire, message, frame.len, false);
        free(message);
        used += frame.len;
    } else {
        assert_true(wire->n - used < wire->proto->frame_max);
    }
    memmove(wire->buffer, wire->buffer + used, wire->n - used);
    wire->n -= used;
    free(given);
    return status == BULLA_OK && wire->n > 0;
}

static void bring(struct wire *wire, const uint8_t *at, size_t n)
{
    if (wire->n + n > wire->size) {
        wire->size = 2 * (wire->n + n);
        wire->buffer = realloc(wire->buffer, wire->size);
        assert_non_null(wire->buffer);
    }
    memcpy(wire->buffer + wire->n, at, n);
    wire->n += n;
    while (step(wire)) {
    }
}

void wire_feed(struct wire *wire, const uint8_t *at, size_t n, size_t piece)
{
    while (n) {
        size_t now = piece && piece < n ? piece : n;
        bring(wire, at, now);
        at += now;
        n -= now;
    }
}

char *wire_said(const struct wire *wire)
{
    json_t *all = json_pack("{s:O,s:O,s:O,s:I,s:I}", "outcomes", wire->outcomes, "observations", wire->observations, "replies",
                            wire->replies, "skipped", (json_int_t)wire->skipped, "left", (json_int_t)wire->n);
    char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    json_decref(all);
    assert_non_null(text);
    return text;
}
