/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cli/cli.h"
#include "platform/model/json.h"

#define ZONE_MINUTES_MAX (14 * 60)

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool read_zone(const char *text, struct proto_profile *profile)
{
    char *end;
    long minutes = strtol(text, &end, 10);
    if (end == text || *end || minutes < -ZONE_MINUTES_MAX || minutes > ZONE_MINUTES_MAX) {
        cli_say("--zone: expected minutes from -%d to %d, got \"%s\"", ZONE_MINUTES_MAX, ZONE_MINUTES_MAX, text);
        return false;
    }
    profile->zone_minutes = (int16_t)minutes;
    profile->has_zone = true;
    return true;
}

static bool read_text(const char *option, const char *text, char *to, size_t size)
{
    if (strlen(text) >= size) {
        cli_say("%s: expected at most %zu characters, got %zu", option, size - 1, strlen(text));
        return false;
    }
    strcpy(to, text);
    return true;
}

bool cli_device_read(const struct cli_device *device, struct proto_profile *profile, int64_t *now_ms)
{
    struct proto_profile read = {0};
    int64_t now = device->now ? bulla_time_get(device->now) : clock_ms();
    if (now == BULLA_TIME_NONE) {
        cli_say("--now: expected a time such as 2026-01-31T08:00:00Z, got \"%s\"", device->now);
        return false;
    }
    if ((device->zone && !read_zone(device->zone, &read)) ||
        (device->model && !read_text("--model", device->model, read.model, sizeof read.model)) ||
        (device->settings && !read_text("--settings", device->settings, read.settings, sizeof read.settings))) {
        return false;
    }
    *profile = read;
    *now_ms = now;
    return true;
}

static void collect_observation(void *host, const struct bulla_observation *o)
{
    struct cli_session *session = host;
    if (session->observations) {
        json_array_append_new(session->observations, observation_to_json(o));
    }
}

static void collect_reply(void *host, const uint8_t *bytes, size_t n)
{
    struct cli_session *session = host;
    char *hex = malloc(2 * n + 1);
    if (!session->replies || !hex) {
        free(hex);
        return;
    }
    bulla_hex_put(hex, bytes, n);
    json_array_append_new(session->replies, json_string(hex));
    free(hex);
}

/* A protocol may hold memory when its connection ends, so each block is on the session's list. */
struct cli_block {
    struct cli_block *next, *previous;
    alignas(max_align_t) uint8_t bytes[];
};

static void block_leave(struct cli_session *session, struct cli_block *block)
{
    *(block->previous ? &block->previous->next : &session->blocks) = block->next;
    if (block->next) {
        block->next->previous = block->previous;
    }
}

static void block_enter(struct cli_session *session, struct cli_block *block)
{
    block->previous = NULL;
    block->next = session->blocks;
    if (block->next) {
        block->next->previous = block;
    }
    session->blocks = block;
}

static void *get_memory(void *host, void *bytes, size_t size)
{
    struct cli_session *session = host;
    struct cli_block *block = bytes ? (struct cli_block *)((uint8_t *)bytes - offsetof(struct cli_block, bytes)) : NULL;
    if (block) {
        block_leave(session, block);
    }
    if (size == 0) {
        free(block);
        return NULL;
    }
    struct cli_block *grown = realloc(block, sizeof *block + size);
    if (grown || block) {
        block_enter(session, grown ? grown : block);
    }
    return grown ? grown->bytes : NULL;
}

void cli_session_clear(struct cli_session *session)
{
    while (session->blocks) {
        struct cli_block *next = session->blocks->next;
        free(session->blocks);
        session->blocks = next;
    }
}

/* xorshift64*: with --now the same command prints the same bytes again. */
static uint8_t random_byte(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint8_t)(*state * UINT64_C(0x2545F4914F6CDD1D) >> 56);
}

static void fill_random(void *host, uint8_t *to, size_t n)
{
    struct cli_session *session = host;
    if (!session->random && getrandom(to, n, 0) == (ssize_t)n) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        to[i] = random_byte(&session->random);
    }
}

void cli_session_init(struct cli_session *session, const struct proto *proto, const struct proto_profile *profile, int64_t now_ms,
                      bool fixed_now)
{
    memset(session, 0, sizeof *session);
    session->proto = proto;
    session->random = fixed_now ? (uint64_t)now_ms | 1 : 0;
    session->link = (struct proto_link){
        .state = session->state,
        .profile = profile,
        .now_ms = now_ms,
        .host = session,
        .emit = collect_observation,
        .reply = collect_reply,
        .memory = get_memory,
        .random = fill_random,
    };
}

const struct proto *cli_proto_find(const char *name)
{
    const struct proto *proto = proto_find(name);
    if (!proto) {
        char known[400] = "";
        size_t len = 0;
        for (size_t i = 0; i < proto_registry_n && len < sizeof known; i++) {
            len += (size_t)snprintf(known + len, sizeof known - len, " %s", proto_registry[i]->name);
        }
        cli_say("--protocol: expected one of%s, got \"%s\"", known, name);
    }
    return proto;
}
