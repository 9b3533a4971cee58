/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands: queued -> sent -> accepted or refused by the device, or expired (the table is in
 * model/records.c). One command of a kind is with a device at a time, because devices answer with the
 * command's word and no number. Checked and stored on the asking thread; moved on by the engine thread.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/ulid.h"
#include "platform/platform_internal.h"

/* --- asking (any thread) --- */

static const struct proto *protocol_of(const char *seal)
{
    char name[BULLA_PROTOCOL_SIZE];
    size_t n = strcspn(seal, ":");
    if (seal[n] != ':' || n >= sizeof name)
        return NULL;
    memcpy(name, seal, n);
    name[n] = '\0';
    return proto_find(name);
}

json_t *platform_commands_of(struct platform *p, const char *seal)
{
    (void)p;
    const struct proto *proto = protocol_of(seal);
    json_t *list = json_array();
    for (const struct proto_command *c = proto ? proto->commands : NULL; c && c->name; c++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name", c->name, "args", c->args ? c->args : "", "about", c->about,
                                              "secret", c->secret));
    return list;
}

static void ignore_emit(void *host, const struct bulla_observation *o)
{
    (void)host;
    (void)o;
}

static void ignore_reply(void *host, const uint8_t *bytes, size_t n)
{
    (void)host;
    (void)bytes;
    (void)n;
}

/* Writes the command once for nobody, so that a wrong argument is refused now and not when the device wakes. */
static bool try_encode(struct platform *p, const struct proto *proto, const struct command *c, char why[MODEL_WHY_SIZE])
{
    max_align_t state[PROTO_STATE_MAX / sizeof(max_align_t) + 1] = {{0}};
    uint8_t bytes[4096];
    char text[sizeof c->args];
    struct proto_args args;
    struct proto_link link = {.state = state, .now_ms = clock_now(&p->clock), .emit = ignore_emit, .reply = ignore_reply};
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    memcpy(text, c->args, sizeof text);
    if (!gateway_args(text, &args)) {
        snprintf(why, MODEL_WHY_SIZE, "args: expected at most %d of the form name=value, got more or another form", PROTO_ARGS_MAX);
        return false;
    }
    enum bulla_status status = proto->encode(&link, strchr(c->seal, ':') + 1, c->name, &args, &w);
    if (status == BULLA_OK && !w.failed)
        return true;
    snprintf(why, MODEL_WHY_SIZE, "%s", link.error[0] ? link.error : "command: expected one that this seal has");
    return false;
}

static void count_one(void *context, const void *record)
{
    (void)record;
    ++*(unsigned *)context;
}

static bool too_many(struct platform *p, const char *seal)
{
    unsigned n = 0;
    char next[120];
    struct store_query q = {.limit = LIMIT_COMMANDS_PER_SEAL};
    snprintf(q.seal, sizeof q.seal, "%s", seal);
    snprintf(q.state, sizeof q.state, "%s", command_state_text(COMMAND_QUEUED));
    return store_commands(p->store, &q, count_one, &n, next) == STORE_OK && n >= LIMIT_COMMANDS_PER_SEAL;
}

/* An unlock inside a journey permits the opening that it causes. Devices tell whole seconds: an opening in the second of the
 * asking has the time of its beginning. */
static int order_opening(struct platform *p, struct command *c, const struct audit *audit)
{
    struct permission permission = {.from_ms = c->created_ms - c->created_ms % 1000, .until_ms = c->expires_ms + PERMISSION_AFTER_MS};
    snprintf(permission.id, sizeof permission.id, "%s", c->id);
    snprintf(permission.seal, sizeof permission.seal, "%s", c->seal);
    int stored = store_command_order(p->store, c, &permission, audit);
    if (stored == STORE_OK) /* whoever judges the journey is told of it before the command goes */
        platform_journey_changed(p, c->journey);
    return stored;
}

static bool opens(const char *name)
{
    return strncmp(name, "unlock", 6) == 0;
}

int platform_command(struct platform *p, struct command *c, const struct audit *audit, char why[MODEL_WHY_SIZE])
{
    const struct proto *proto = protocol_of(c->seal);
    const struct proto_command *kind = proto ? proto_command_find(proto, c->name) : NULL;
    if (!kind) {
        snprintf(why, MODEL_WHY_SIZE, "name: expected a command of %s, got \"%s\"", proto ? proto->title : "a known protocol", c->name);
        return STORE_NOT_FOUND;
    }
    if (!try_encode(p, proto, c, why))
        return STORE_CONFLICT;
    if (too_many(p, c->seal)) {
        snprintf(why, MODEL_WHY_SIZE, "seal: expected at most %d waiting commands, got one more", LIMIT_COMMANDS_PER_SEAL);
        return STORE_CONFLICT;
    }
    int64_t now_ms = clock_now(&p->clock);
    struct live_seal live;
    if (!c->journey[0] && platform_live_get(p, c->seal, &live))
        snprintf(c->journey, sizeof c->journey, "%s", live.journey);
    if (!c->id[0])
        ulid_put(c->id, now_ms);
    c->created_ms = now_ms;
    c->sent_ms = c->done_ms = BULLA_TIME_NONE;
    if (c->expires_ms <= now_ms)
        c->expires_ms = now_ms + LIMIT_COMMAND_MS;
    c->state = COMMAND_QUEUED;
    c->serial = -1;
    snprintf(c->answers, sizeof c->answers, "%s", kind->answers ? kind->answers : "");
    int stored = c->journey[0] && opens(c->name) ? order_opening(p, c, audit) : store_command_put(p->store, c, audit);
    if (stored != STORE_OK) {
        snprintf(why, MODEL_WHY_SIZE, "%s", store_error(p->store));
        return stored;
    }
    platform_command_changed(p, c->id);
    return stored;
}

/* --- moving on (engine thread) --- */

static struct pending_seal *pending_of(struct platform *p, const char *seal)
{
    struct pending_seal *s;
    HASH_FIND_STR(p->pending, seal, s);
    return s;
}

static void publish(struct platform *p, const struct command *c)
{
    struct supervised *s = journeys_of(p, c->seal);
    stream_put(p, LIVE_COMMAND, AUDIENCE_OFFICERS, s ? s->carrier : "", command_to_json(c));
}

/* Secrets live in the store only as long as the command may still be sent. */
static void forget_secret(struct command *c)
{
    const struct proto *proto = protocol_of(c->seal);
    const struct proto_command *kind = proto ? proto_command_find(proto, c->name) : NULL;
    if (!kind || !kind->secret)
        return;
    char kept[sizeof c->args] = "";
    size_t n = 0;
    for (const char *at = c->args; *at && n < sizeof kept - 8;) { /* "name=secret" becomes "name=***" */
        size_t name = strcspn(at, "=\n");
        size_t line = strcspn(at, "\n");
        if (n + name + 6 >= sizeof kept)
            break;
        n += (size_t)snprintf(kept + n, sizeof kept - n, "%s%.*s=***", n ? "\n" : "", (int)name, at);
        at += line + (at[line] == '\n');
    }
    memset(c->args, 0, sizeof c->args);
    memcpy(c->args, kept, sizeof kept);
}

/* Written at the end of the turn, all together. Until then the store has it in the version that is in the list. */
static void keep_moved(struct platform *p, struct command *c)
{
    for (size_t i = 0; i < p->n_moved; i++) {
        if (strcmp(p->moved[i].id, c->id) == 0) {
            int64_t version = p->moved[i].version;
            p->moved[i] = *c;
            p->moved[i].version = version;
            return;
        }
    }
    if (p->n_moved == p->moved_size) {
        size_t bigger = p->moved_size ? p->moved_size * 2 : 16;
        struct command *grown = realloc(p->moved, bigger * sizeof *grown);
        if (!grown)
            abort(); /* a verdict must not be lost: after the start the device is asked again */
        p->moved = grown;
        p->moved_size = bigger;
    }
    p->moved[p->n_moved++] = *c;
    c->version++;
}

int commands_put(struct platform *p)
{
    int stored = STORE_OK;
    for (size_t i = 0; i < p->n_moved && stored == STORE_OK; i++) {
        struct command c = p->moved[i]; /* its version stays: all of it may fail yet */
        stored = store_command_put(p->store, &c, NULL);
    }
    return stored;
}

void commands_put_each(struct platform *p)
{
    for (size_t i = 0; i < p->n_moved; i++)
        if (store_command_put(p->store, &p->moved[i], NULL) != STORE_OK)
            log_say(LOG_ERROR, "commands", "the state of command %s could not be stored: %s", p->moved[i].id, store_error(p->store));
    p->n_moved = 0;
}

static void move_on(struct platform *p, struct pending *item, enum command_state to, const char *answer)
{
    struct command *c = &item->command;
    if (!command_may(c->state, to))
        return;
    c->state = to;
    if (answer)
        snprintf(c->answer, sizeof c->answer, "%s", answer);
    int64_t now_ms = clock_now(&p->clock);
    if (to == COMMAND_SENT)
        c->sent_ms = now_ms;
    else
        c->done_ms = now_ms;
    if (to != COMMAND_QUEUED)
        forget_secret(c);
    keep_moved(p, c);
    publish(p, c);
    if (to == COMMAND_SENT)
        atomic_fetch_add(&p->counts.commands_sent, 1);
    else
        atomic_fetch_add(&p->counts.commands_done, 1);
}

static bool finished(const struct command *c)
{
    return c->state == COMMAND_ACCEPTED || c->state == COMMAND_REFUSED || c->state == COMMAND_EXPIRED || c->state == COMMAND_CANCELLED ||
           (c->state == COMMAND_SENT && !c->answers[0]);
}

static void drop_finished(struct platform *p, struct pending_seal *s)
{
    for (struct pending **at = &s->first; *at;) {
        struct pending *item = *at;
        if (!finished(&item->command)) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        free(item);
    }
    if (!s->first) {
        HASH_DEL(p->pending, s);
        free(s);
    }
}

/* Another command with the same answering word is with the device: its answer would be taken for this one's. */
static bool must_wait(const struct pending_seal *s, const struct pending *item)
{
    for (const struct pending *before = s->first; before != item; before = before->next)
        if ((before->command.state == COMMAND_SENT || before->ordered) && strcmp(before->command.answers, item->command.answers) == 0 &&
            before->command.answers[0])
            return true;
    return false;
}

/* Sent when the transaction that knows of it is durable: one that is undone is gone through again, and would send it twice. */
static void later(struct platform *p, const struct command *c)
{
    if (p->n_orders == p->orders_size) {
        size_t bigger = p->orders_size ? p->orders_size * 2 : 16;
        struct command *grown = realloc(p->orders, bigger * sizeof *grown);
        if (!grown)
            return; /* asked for again after LIMIT_ORDER_MS */
        p->orders = grown;
        p->orders_size = bigger;
    }
    p->orders[p->n_orders++] = *c;
}

void commands_send(struct platform *p)
{
    for (size_t i = 0; i < p->n_orders; i++) {
        gateway_command(p->gateway, p->orders[i].seal, p->orders[i].id, p->orders[i].name, p->orders[i].args);
        relay_order(p, &p->orders[i]);
        OPENSSL_cleanse(&p->orders[i], sizeof p->orders[i]); /* it may hold a password */
    }
    p->n_orders = 0;
}

static void order_next(struct platform *p, struct pending_seal *s)
{
    for (struct pending *item = s->first; item; item = item->next) {
        if (item->command.state != COMMAND_QUEUED || item->ordered || must_wait(s, item))
            continue;
        item->ordered = true;
        item->ordered_ms = clock_now(&p->clock);
        later(p, &item->command);
    }
}

void commands_ordered(struct platform *p, const char *command_id)
{
    struct command c;
    if (store_command_get(p->store, command_id, &c) == STORE_OK && c.state == COMMAND_QUEUED)
        gateway_command(p->gateway, c.seal, c.id, c.name, c.args);
}

static bool is_pending(const struct pending_seal *s, const char *id)
{
    for (struct pending *item = s ? s->first : NULL; item; item = item->next)
        if (strcmp(item->command.id, id) == 0)
            return true;
    return false;
}

static void add(struct platform *p, const struct command *c)
{
    struct pending_seal *s = pending_of(p, c->seal);
    if (is_pending(s, c->id))
        return;
    if (!s && (s = calloc(1, sizeof *s))) {
        snprintf(s->seal, sizeof s->seal, "%s", c->seal);
        HASH_ADD_STR(p->pending, seal, s);
    }
    struct pending *item = s ? calloc(1, sizeof *item) : NULL;
    if (!item)
        return;
    item->command = *c;
    struct pending **end = &s->first;
    while (*end)
        end = &(*end)->next;
    *end = item;
}

void commands_inbox(struct platform *p, const char *command_id)
{
    struct command c;
    if (store_command_get(p->store, command_id, &c) != STORE_OK || c.state != COMMAND_QUEUED)
        return;
    struct supervised *s = journeys_of(p, c.seal);
    stream_put_here(p, LIVE_COMMAND, AUDIENCE_OFFICERS, s ? s->carrier : "", command_to_json(&c));
    if (!cluster_mine(p, c.seal))
        return;
    add(p, &c);
    order_next(p, pending_of(p, c.seal));
}

struct loading {
    struct platform *platform;
    bool (*wanted)(const struct platform *platform, const char *seal);
};

static void load_one(void *context, const void *record)
{
    struct loading *l = context;
    const struct command *c = record;
    if (!l->wanted || l->wanted(l->platform, c->seal))
        add(l->platform, c);
}

void commands_load(struct platform *p, bool (*wanted)(const struct platform *platform, const char *seal))
{
    static const enum command_state waiting[] = {COMMAND_QUEUED, COMMAND_SENT};
    struct loading l = {p, wanted};
    for (size_t i = 0; i < 2; i++) {
        struct store_query q = {.limit = 1000};
        snprintf(q.state, sizeof q.state, "%s", command_state_text(waiting[i]));
        while (store_commands(p->store, &q, load_one, &l, q.after) == STORE_OK && q.after[0])
            ;
    }
}

static struct pending *answered(struct pending_seal *s, const struct bulla_result *r)
{
    for (struct pending *item = s->first; item; item = item->next)
        if (item->command.answers[0] && strcmp(item->command.answers, r->command) == 0 &&
            (item->command.state == COMMAND_SENT || item->ordered || item->command.state == COMMAND_EXPIRED))
            return item;
    return NULL;
}

/* An unlocking that the device reports by itself settles an unlock command that still waits for its answer. */
static struct pending *unlocked_by(struct pending_seal *s, const struct bulla_unlock *u)
{
    if (u->channel != BULLA_CHANNEL_PLATFORM_STATIC && u->channel != BULLA_CHANNEL_PLATFORM_DYNAMIC)
        return NULL;
    for (struct pending *item = s->first; item; item = item->next)
        if (item->command.state == COMMAND_SENT && opens(item->command.name))
            return item;
    return NULL;
}

void commands_heard(struct platform *p, const struct bulla_observation *o)
{
    if (!p->pending)
        return;
    char seal[MODEL_SEAL_SIZE];
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    struct pending_seal *s = pending_of(p, seal);
    if (!s)
        return;
    struct pending *item = NULL;
    if (o->has & BULLA_HAS_RESULT && (item = answered(s, &o->result)))
        move_on(p, item, o->result.verdict == BULLA_VERDICT_REFUSED ? COMMAND_REFUSED : COMMAND_ACCEPTED, o->result.text);
    else if (o->has & BULLA_HAS_UNLOCK && !o->stored && (item = unlocked_by(s, &o->unlock)) && o->unlock.verdict != BULLA_VERDICT_UNKNOWN)
        move_on(p, item, o->unlock.verdict == BULLA_VERDICT_REFUSED ? COMMAND_REFUSED : COMMAND_ACCEPTED,
                bulla_reason_text(o->unlock.reason));
    order_next(p, s);
    drop_finished(p, s);
}

void commands_note(struct platform *p, const struct batch_note *note)
{
    struct pending_seal *s = pending_of(p, note->seal);
    for (struct pending *item = s ? s->first : NULL; item; item = item->next) {
        if (strcmp(item->command.id, note->command) != 0)
            continue;
        item->ordered = false; /* unsent: it is tried again when the device is heard */
        if (note->kind == NOTE_SENT)
            move_on(p, item, COMMAND_SENT, NULL);
        break;
    }
    if (s)
        drop_finished(p, s);
}

static bool overdue(const struct command *c, int64_t now_ms)
{
    return now_ms >= c->expires_ms || (c->state == COMMAND_SENT && now_ms - c->sent_ms > LIMIT_ANSWER_MS);
}

void commands_tick(struct platform *p, int64_t now_ms)
{
    struct pending_seal *s, *next;
    HASH_ITER(hh, p->pending, s, next)
    {
        for (struct pending *item = s->first; item; item = item->next)
            if (item->ordered && item->command.state == COMMAND_QUEUED && now_ms - item->ordered_ms > LIMIT_ORDER_MS)
                item->ordered = false; /* no node had the device: again when it is heard */
        for (struct pending *item = s->first; item; item = item->next)
            if (overdue(&item->command, now_ms))
                move_on(p, item, COMMAND_EXPIRED,
                        item->command.state == COMMAND_SENT ? "the device did not answer" : "the device did not connect in time");
        drop_finished(p, s);
    }
}

static void drop(struct platform *p, struct pending_seal *s)
{
    while (s->first) {
        struct pending *item = s->first;
        s->first = item->next;
        free(item);
    }
    HASH_DEL(p->pending, s);
    free(s);
}

void commands_drop(struct platform *p, unsigned partition)
{
    struct pending_seal *s, *next;
    HASH_ITER(hh, p->pending, s, next)
    {
        if (cluster_partition(p, s->seal) == partition)
            drop(p, s);
    }
}

void commands_clear(struct platform *p)
{
    p->n_moved = 0;
    struct pending_seal *s, *next;
    HASH_ITER(hh, p->pending, s, next)
    {
        drop(p, s);
    }
}
