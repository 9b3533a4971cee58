/* SPDX-License-Identifier: Apache-2.0
 *
 * What the nodes of a cluster tell each other at once: where the seals of their partitions are, what came of their work, and
 * what they ask of each other. A notice that is lost costs freshness alone: a node that joins, or has been cut off, says hello
 * and is told everything again.
 *
 *   live      u8 version, then for each seal its LiveSeal as below
 *   event     u8 version, kind, audience, text carrier, the JSON to the end
 *   order     text command, text seal: whoever has the device connected sends it
 *   again     text source, u16 partition: a parcel is missing
 *   handover  u16 partition
 *   hello     u8 version
 *
 * Text: u8 length, characters. A notice of another version than ours is passed over and counted: so nodes of two versions can
 * run beside each other while an upgrade rolls.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"

#define VERSION         1
#define LIVE_SIZE_MOST  256   /* bytes of one seal */
#define LIVE_PER_NOTICE 1000

static void put_text(struct bulla_writer *w, const char *text)
{
    size_t n = strlen(text);
    n = n > 255 ? 255 : n;
    bulla_writer_put_u8(w, (uint8_t)n);
    bulla_writer_put(w, text, n);
}

static void get_text(struct bulla_cursor *c, char *to, size_t size)
{
    size_t n = bulla_cursor_get_u8(c);
    struct bulla_bytes text = bulla_cursor_take(c, n);
    if (text.len >= size)
        c->failed = true;
    n = c->failed ? 0 : text.len;
    if (n > 0)
        memcpy(to, text.at, n);
    to[n] = '\0';
}

/* --- positions --- */

static void put_live(struct bulla_writer *w, const struct live_changed *item)
{
    const struct live_seal *s = &item->seal;
    const uint8_t states[] = {s->seal_state, s->shackle, s->motor, s->cover, s->door, s->knowledge, s->percent, (uint8_t)s->grade};
    unsigned flags = (s->tampered ? 1u : 0) | (s->has_fix ? 2u : 0) | (s->connected ? 4u : 0) | (s->charging ? 8u : 0) | (s->has_percent ? 16u : 0);
    put_text(w, s->seal);
    put_text(w, s->journey);
    put_text(w, item->carrier);
    bulla_writer_put_u64(w, (uint64_t)s->heard_ms);
    bulla_writer_put_u64(w, (uint64_t)s->time_ms);
    bulla_writer_put(w, states, sizeof states);
    bulla_writer_put_u8(w, (uint8_t)flags);
    if (!s->has_fix)
        return;
    bulla_writer_put_u64(w, (uint64_t)s->fix_ms);
    bulla_writer_put_u32(w, (uint32_t)(int32_t)lround(s->lat * 1e7));
    bulla_writer_put_u32(w, (uint32_t)(int32_t)lround(s->lon * 1e7));
    bulla_writer_put_u32(w, (uint32_t)lround(s->speed_kmh * 100));
    bulla_writer_put_u16(w, (uint16_t)lround(s->course_deg * 100));
    bulla_writer_put_u32(w, (uint32_t)s->accuracy_m);
}

static bool get_live(struct bulla_cursor *c, struct live_seal *s, char carrier[MODEL_ID_SIZE])
{
    memset(s, 0, sizeof *s);
    get_text(c, s->seal, sizeof s->seal);
    get_text(c, s->journey, sizeof s->journey);
    get_text(c, carrier, MODEL_ID_SIZE);
    s->heard_ms = (int64_t)bulla_cursor_get_u64(c);
    s->time_ms = (int64_t)bulla_cursor_get_u64(c);
    uint8_t *const states[] = {&s->seal_state, &s->shackle, &s->motor, &s->cover, &s->door, &s->knowledge, &s->percent};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        *states[i] = bulla_cursor_get_u8(c);
    s->grade = bulla_cursor_get_u8(c);
    uint8_t flags = bulla_cursor_get_u8(c);
    s->tampered = flags & 1;
    s->has_fix = flags & 2;
    s->connected = flags & 4;
    s->charging = flags & 8;
    s->has_percent = flags & 16;
    s->fix_ms = BULLA_TIME_NONE;
    if (s->has_fix) {
        s->fix_ms = (int64_t)bulla_cursor_get_u64(c);
        s->lat = (int32_t)bulla_cursor_get_u32(c) / 1e7;
        s->lon = (int32_t)bulla_cursor_get_u32(c) / 1e7;
        s->speed_kmh = bulla_cursor_get_u32(c) / 100.0;
        s->course_deg = bulla_cursor_get_u16(c) / 100.0;
        s->accuracy_m = (int32_t)bulla_cursor_get_u32(c);
    }
    return !c->failed && s->knowledge <= 2 && s->seal[0];
}

void relay_positions(struct platform *p)
{
    size_t n;
    uint64_t newest;
    if (!p->bus)
        return;
    if (atomic_exchange(&p->asked_for_all, false))
        p->live.relayed = 0;
    struct live_changed *list = live_changed_since(p, p->live.relayed, true, &n, &newest);
    uint8_t *bytes = n ? malloc(LIVE_PER_NOTICE * LIVE_SIZE_MOST + 1) : NULL;
    for (size_t i = 0; bytes && i < n;) {
        struct bulla_writer w = bulla_writer_over(bytes, LIVE_PER_NOTICE * LIVE_SIZE_MOST + 1);
        bulla_writer_put_u8(&w, VERSION);
        for (size_t k = 0; i < n && k < LIVE_PER_NOTICE; i++, k++)
            put_live(&w, &list[i]);
        bus_notice(p->bus, "live", (struct bulla_bytes){bytes, w.len});
    }
    if (list || n == 0)
        p->live.relayed = newest;
    free(bytes);
    free(list);
}

static bool take_live(struct platform *p, struct bulla_cursor *c)
{
    struct live_seal s;
    char carrier[MODEL_ID_SIZE];
    while (c->left > 0) {
        if (!get_live(c, &s, carrier))
            return false;
        if (!cluster_mine(p, s.seal))
            live_told(p, &s, carrier);
    }
    return true;
}

/* --- events --- */

void relay_event(struct platform *p, const struct stream_event *e)
{
    size_t size = e->len + 300;
    uint8_t *bytes = p->bus ? malloc(size) : NULL;
    if (!bytes)
        return;
    struct bulla_writer w = bulla_writer_over(bytes, size);
    bulla_writer_put_u8(&w, VERSION);
    bulla_writer_put_u8(&w, (uint8_t)e->kind);
    bulla_writer_put_u8(&w, (uint8_t)e->audience);
    put_text(&w, e->carrier);
    bulla_writer_put(&w, e->json, e->len);
    bus_notice(p->bus, "event", (struct bulla_bytes){bytes, w.len});
    free(bytes);
}

static bool take_event(struct platform *p, struct bulla_cursor *c)
{
    char carrier[MODEL_ID_SIZE];
    uint8_t kind = bulla_cursor_get_u8(c), audience = bulla_cursor_get_u8(c);
    get_text(c, carrier, sizeof carrier);
    if (c->failed || kind > LIVE_NOTICE || audience > AUDIENCE_CARRIER)
        return false;
    stream_put_told(p, (enum live_kind)kind, (enum audience)audience, carrier, (const char *)c->at, c->left);
    return true;
}

/* --- what one asks of another --- */

static void say(struct platform *p, const char *topic, const char *first, const char *second, int number)
{
    uint8_t bytes[256];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_u8(&w, VERSION);
    if (first)
        put_text(&w, first);
    if (second)
        put_text(&w, second);
    if (number >= 0)
        bulla_writer_put_u16(&w, (uint16_t)number);
    if (p->bus)
        bus_notice(p->bus, topic, (struct bulla_bytes){bytes, w.len});
}

void relay_order(struct platform *p, const struct command *command)
{
    say(p, "order", command->id, command->seal, -1);
}

void relay_again(struct platform *p, const char *source, unsigned partition)
{
    if (p->ingest && strcmp(source, p->cluster.self.source) == 0)
        ingest_mail(p, &(struct mail){.kind = MAIL_AGAIN, .partition = partition});
    else
        say(p, "again", source, NULL, (int)partition);
}

void relay_handover(struct platform *p, unsigned partition)
{
    say(p, "handover", NULL, NULL, (int)partition);
}

void relay_hello(struct platform *p)
{
    say(p, "hello", NULL, NULL, -1);
}

static bool take_order(struct platform *p, struct bulla_cursor *c)
{
    char command[MODEL_ID_SIZE], seal[MODEL_SEAL_SIZE];
    get_text(c, command, sizeof command);
    get_text(c, seal, sizeof seal);
    if (!c->failed)
        commands_ordered(p, command);
    return !c->failed;
}

static bool take_again(struct platform *p, struct bulla_cursor *c)
{
    char source[OUTBOX_ID_SIZE];
    get_text(c, source, sizeof source);
    unsigned partition = bulla_cursor_get_u16(c);
    if (!c->failed && partition < p->cluster.partitions && strcmp(source, p->cluster.self.source) == 0)
        ingest_mail(p, &(struct mail){.kind = MAIL_AGAIN, .partition = partition});
    return !c->failed;
}

static bool take_handover(struct platform *p, struct bulla_cursor *c)
{
    unsigned partition = bulla_cursor_get_u16(c);
    if (!c->failed && cluster_holds(p, partition))
        p->cluster.handover_due_ms = 0;
    return !c->failed;
}

static bool take_hello(struct platform *p, struct bulla_cursor *c)
{
    (void)c;
    atomic_store(&p->asked_for_all, true);
    return true;
}

void relay_notice(struct platform *p, const struct bus_event *event)
{
    static const struct {
        const char *topic;
        bool (*take)(struct platform *, struct bulla_cursor *);
    } topics[] = {{"live", take_live},   {"event", take_event},       {"order", take_order},
                  {"again", take_again}, {"handover", take_handover}, {"hello", take_hello}};
    struct bulla_cursor c = bulla_cursor_over(event->bytes.at, event->bytes.len);
    bool taken = false;
    if (bulla_cursor_get_u8(&c) == VERSION && !c.failed)
        for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
            taken |= strcmp(topics[i].topic, event->topic) == 0 && topics[i].take(p, &c);
    if (!taken)
        atomic_fetch_add(&p->counts.notices_refused, 1);
}
