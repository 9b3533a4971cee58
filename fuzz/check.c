/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/check.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS           INT64_C(1769846400000)
#define HASH_START       UINT64_C(0xCBF29CE484222325) /* FNV-1a */
#define HELD_MAX         (8u << 20)
#define BLOCKS_MAX       4096
#define PIECES_MAX       8
#define BYTE_BY_BYTE_MAX 48

#if defined(__clang__) /* the inputs are to be chosen by what the protocols do, not by what is done here */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#define MUST(condition) ((condition) ? (void)0 : FUZZ_BROKEN(#condition, __LINE__))

#ifndef FUZZ_BROKEN /* a test that includes this file fails instead */
#define FUZZ_BROKEN broken

static _Noreturn void broken(const char *what, int line)
{
    fprintf(stderr, "broken promise: %s (fuzz/check.c:%d)\n", what, line);
    abort();
}
#endif

/* ---- the host ---- */

struct block {
    void *at;
    size_t size;
};

struct host {
    uint64_t digest; /* of all that was said, in order */
    uint64_t random;
    size_t emitted, skipped, held;
    size_t n_blocks;
    struct block blocks[BLOCKS_MAX];
};

static uint64_t hash(uint64_t digest, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n; i++) {
        digest = (digest ^ at[i]) * UINT64_C(0x100000001B3);
    }
    return digest;
}

static void mix(struct host *host, const void *bytes, size_t n)
{
    host->digest = hash(host->digest, bytes, n);
}

#define MIX(value) mix(host, &(value), sizeof(value))

static void mix_text(struct host *host, const char *text, size_t size)
{
    size_t n = strnlen(text, size);
    MUST(n < size);
    for (size_t i = 0; i < n; i++) {
        MUST(text[i] >= 0x20 && text[i] <= 0x7E);
    }
    mix(host, text, n + 1);
}

static void check_state(struct host *host, const struct bulla_state *state)
{
    MUST(state->seal <= BULLA_SEAL_UNLOCKED_CLOSED);
    MUST(state->shackle <= BULLA_SHACKLE_CUT);
    MUST(state->motor <= BULLA_MOTOR_STUCK);
    MUST(state->cover <= BULLA_COVER_OPEN && state->door <= BULLA_COVER_OPEN);
    MIX(*state);
}

static void check_fix(struct host *host, const struct bulla_observation *o)
{
    if (bulla_observation_knows(o, BULLA_HAS_FIX)) {
        MUST(o->lat_e7 >= -900000000 && o->lat_e7 <= 900000000);
        MUST(o->lon_e7 >= -1800000000 && o->lon_e7 <= 1800000000);
        MIX(o->lat_e7);
        MIX(o->lon_e7);
        MIX(o->fix_valid);
    }
    if (bulla_observation_knows(o, BULLA_HAS_COURSE)) {
        MUST(o->course_cdeg >= 0 && o->course_cdeg < 36000);
        MIX(o->course_cdeg);
    }
    if (bulla_observation_knows(o, BULLA_HAS_SPEED)) {
        MUST(o->speed_cmh >= 0);
        MIX(o->speed_cmh);
    }
}

static void check_parts(struct host *host, const struct bulla_observation *o)
{
    MUST(o->n_sensors <= BULLA_SENSORS_MAX && o->n_cells <= BULLA_CELLS_MAX && o->n_sublocks <= BULLA_SUBLOCKS_MAX);
    for (size_t i = 0; i < o->n_sensors; i++) {
        mix_text(host, o->sensors[i].id, sizeof o->sensors[i].id);
        MUST(o->sensors[i].kind >= BULLA_SENSOR_TEMPERATURE && o->sensors[i].kind <= BULLA_SENSOR_POWER);
        MIX(o->sensors[i].milli);
    }
    for (size_t i = 0; i < o->n_cells; i++) {
        MIX(o->cells[i]);
    }
    for (size_t i = 0; i < o->n_sublocks; i++) {
        mix_text(host, o->sublocks[i].id, sizeof o->sublocks[i].id);
        check_state(host, &o->sublocks[i].state);
        MUST(o->sublocks[i].percent <= 100 || o->sublocks[i].percent == 255);
        MIX(o->sublocks[i].events);
    }
}

static void check_attempt(struct host *host, const struct bulla_observation *o)
{
    if (o->has & BULLA_HAS_UNLOCK) {
        MUST(o->unlock.channel <= BULLA_CHANNEL_SERIAL && o->unlock.verdict <= BULLA_VERDICT_REFUSED);
        MUST(o->unlock.reason <= BULLA_REASON_WRONG_DEVICE);
        mix_text(host, o->unlock.credential, sizeof o->unlock.credential);
    }
    if (o->has & BULLA_HAS_RESULT) {
        MUST(o->result.verdict <= BULLA_VERDICT_REFUSED);
        mix_text(host, o->result.command, sizeof o->result.command);
        mix_text(host, o->result.text, sizeof o->result.text);
        MIX(o->result.serial);
    }
}

static void emit(void *context, const struct bulla_observation *o)
{
    struct host *host = context;
    host->emitted++;
    mix_text(host, o->protocol, sizeof o->protocol);
    mix_text(host, o->device, sizeof o->device);
    mix_text(host, o->id, sizeof o->id);
    MUST((o->unknown & ~o->has) == 0);
    MUST(o->proof <= BULLA_PROOF_PROVEN);
    MUST(!(o->events >> (BULLA_EVENT_DAMAGE_SEEN + 1)));
    MUST(!bulla_observation_knows(o, BULLA_HAS_PERCENT) || o->percent <= 100);
    MUST(!bulla_observation_knows(o, BULLA_HAS_TIME) || o->time_ms != BULLA_TIME_NONE);
    MIX(o->has);
    MIX(o->events);
    MIX(o->time_ms);
    MIX(o->counter);
    MIX(o->stored);
    check_state(host, &o->state);
    check_fix(host, o);
    check_attempt(host, o);
    check_parts(host, o);
}

static void reply(void *context, const uint8_t *bytes, size_t n)
{
    struct host *host = context;
    MUST(n > 0);
    mix(host, bytes, n);
}

static void *memory(void *context, void *old, size_t size)
{
    struct host *host = context;
    size_t i = 0;
    while (i < host->n_blocks && host->blocks[i].at != old) {
        i++;
    }
    MUST(!old || i < host->n_blocks);
    if (old) {
        host->held -= host->blocks[i].size;
    }
    if (size == 0) {
        free(old);
        if (old) {
            host->blocks[i] = host->blocks[--host->n_blocks];
        }
        return NULL;
    }
    MUST(i < BLOCKS_MAX);
    void *new = realloc(old, size);
    host->n_blocks += !old;
    host->blocks[i] = (struct block){new, size};
    host->held += size;
    MUST(host->held <= HELD_MAX);
    return new;
}

static void fill_random(void *context, uint8_t *to, size_t n)
{
    struct host *host = context;
    for (size_t i = 0; i < n; i++) {
        host->random = host->random * UINT64_C(6364136223846793005) + 1;
        to[i] = (uint8_t)(host->random >> 56);
    }
}

/* ---- a link ---- */

static const struct proto_profile profiles[] = {
    {.model = ""},
    {.model = "JT709", .zone_minutes = 0, .has_zone = true},
    {.model = "HHD", .zone_minutes = -210, .has_zone = true},
    {.model = "?", .settings = "180,30,30,16,1", .zone_minutes = 480, .has_zone = true},
};

struct link {
    struct host host;
    struct proto_link link;
};

static void open_link(struct link *l, const struct proto *proto, uint8_t options)
{
    MUST(proto->state_size <= PROTO_STATE_MAX);
    memset(&l->host, 0, offsetof(struct host, blocks));
    l->host.digest = HASH_START;
    l->link = (struct proto_link){
        .state = calloc(1, proto->state_size ? proto->state_size : 1), /* exactly, so that a sanitizer sees every step beyond */
        .profile = options & 3 ? &profiles[options & 3] : NULL,
        .now_ms = NOW_MS,
        .host = &l->host,
        .emit = emit,
        .reply = reply,
        .memory = memory,
        .random = fill_random,
    };
}

static void close_link(struct link *l)
{
    for (size_t i = 0; i < l->host.n_blocks; i++) {
        free(l->host.blocks[i].at);
    }
    free(l->link.state);
}

static void decode(struct link *l, const struct proto *proto, const uint8_t *at, size_t n)
{
    struct host *host = &l->host;
    size_t before = host->emitted;
    l->link.error[0] = '\0';
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, at, n);
    int status = proto->decode(&l->link, exact, n);
    free(exact);
    MUST(status <= BULLA_MORE && status >= BULLA_FULL);
    MIX(status);
    if (status != BULLA_OK) {
        MUST(host->emitted == before);
        MUST(l->link.error[0]);
        MUST(memchr(l->link.error, '\0', sizeof l->link.error));
    }
}

/* Takes all messages that the buffer holds; returns how many bytes were used. */
static size_t drain(struct link *l, const struct proto *proto, const uint8_t *at, size_t n)
{
    size_t used = 0;
    while (used < n) {
        struct proto_frame frame = {0};
        enum bulla_status status = proto->frame(&l->link, at + used, n - used, &frame);
        MUST(status == BULLA_OK || status == BULLA_MORE);
        MUST(frame.skip <= n - used);
        l->host.skipped += frame.skip;
        used += frame.skip;
        if (status == BULLA_MORE) {
            MUST(n - used < proto->frame_max);
            break;
        }
        MUST(frame.len > 0 && frame.len <= n - used && frame.len <= proto->frame_max);
        decode(l, proto, at + used, frame.len);
        used += frame.len;
    }
    return used;
}

/* The bytes in pieces that end at cuts[]; what is not used waits for the next piece. */
static uint64_t run(const struct proto *proto, uint8_t options, const uint8_t *at, size_t n, const size_t *cuts, size_t n_cuts)
{
    struct link l;
    size_t from = 0;
    open_link(&l, proto, options);
    for (size_t i = 0; i <= n_cuts; i++) {
        size_t to = i < n_cuts ? cuts[i] : n;
        uint8_t *exact = malloc(to - from + 1);
        memcpy(exact, at + from, to - from);
        from += drain(&l, proto, exact, to - from);
        free(exact);
    }
    struct host *host = &l.host;
    size_t left = n - from;
    MIX(host->skipped);
    MIX(left);
    close_link(&l);
    return host->digest;
}

/* ---- the promises ---- */

static void check_probe(const struct proto *proto, const uint8_t *at, size_t n)
{
    enum bulla_status said = BULLA_MORE;
    for (size_t i = 1; i <= n && i <= 40; i++) {
        enum bulla_status now = proto->probe(at, i);
        MUST(now == BULLA_OK || now == BULLA_MORE || now == BULLA_NOT_MINE);
        MUST(said == BULLA_MORE || now == said);
        said = now;
    }
}

/* Pieces that the input itself chooses: of any length, or short ones of a byte each. */
static size_t choose_cuts(uint64_t random, size_t n, size_t cuts[BYTE_BY_BYTE_MAX])
{
    size_t n_cuts = 0, at_cut = 0;
    bool single = n <= BYTE_BY_BYTE_MAX && random >> 63;
    for (; n_cuts < (single ? BYTE_BY_BYTE_MAX : PIECES_MAX) - 1; n_cuts++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        at_cut += 1 + (single ? 0 : (random >> 33) % (n / 3 + 1));
        if (at_cut >= n) {
            break;
        }
        cuts[n_cuts] = at_cut;
    }
    return n_cuts;
}

static void check_cuts(const struct proto *proto, uint8_t options, const uint8_t *at, size_t n)
{
    size_t cuts[BYTE_BY_BYTE_MAX], n_cuts = choose_cuts(hash(HASH_START + options, at, n), n, cuts);
    uint64_t whole = run(proto, options, at, n, NULL, 0);
    MUST(run(proto, options, at, n, cuts, n_cuts) == whole);
}

static void check_decode(const struct proto *proto, uint8_t options, const uint8_t *at, size_t n)
{
    struct link l;
    open_link(&l, proto, options);
    for (int whole = 0; whole < 2; whole++) {
        l.link.whole = whole;
        decode(&l, proto, at, n);
    }
    close_link(&l);
}

int fuzz_check(const struct proto *proto, const uint8_t *data, size_t n)
{
    if (n < 2) {
        return 0;
    }
    check_probe(proto, data + 1, n - 1);
    check_cuts(proto, data[0], data + 1, n - 1);
    check_decode(proto, data[0], data + 1, n - 1);
    return 0;
}

const struct proto *fuzz_protocol(const char *name)
{
    const struct proto *proto = proto_find(name);
    if (!proto) {
        fprintf(stderr, "no protocol %s\n", name);
        exit(1);
    }
    return proto;
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
