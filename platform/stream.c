/* SPDX-License-Identifier: Apache-2.0
 *
 * The ring behind the live stream: events with growing numbers, each kept as one line of JSON until newer
 * ones push it out by count or by bytes. Readers copy from it at their own pace; a reader that fell behind
 * the oldest is told so and fetches the state anew.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"

static const char *const names[] = {
    [LIVE_POSITION] = "position", [LIVE_ALARM] = "alarm",     [LIVE_JOURNEY] = "journey",
    [LIVE_SEAL] = "seal",         [LIVE_COMMAND] = "command", [LIVE_NOTICE] = "notice",
};

/* Set on the engine thread while what it does is not durable yet. */
static _Thread_local struct platform *holding;

bool stream_init(struct stream *s, uint64_t base)
{
    pthread_mutex_init(&s->mutex, NULL);
    s->ring = calloc(LIMIT_STREAM_EVENTS, sizeof *s->ring);
    s->next = s->oldest = base + 1; /* nodes count apart: who comes from another is told to look anew */
    return s->ring != NULL;
}

void stream_clear(struct stream *s)
{
    for (size_t i = 0; s->ring && i < LIMIT_STREAM_EVENTS; i++)
        free(s->ring[i].json);
    free(s->ring);
    for (size_t i = 0; i < s->n_held; i++)
        free(s->held[i].json);
    free(s->held);
    pthread_mutex_destroy(&s->mutex);
}

static void drop_oldest(struct stream *s)
{
    struct stream_event *e = &s->ring[s->oldest % LIMIT_STREAM_EVENTS];
    s->bytes -= e->len;
    free(e->json);
    e->json = NULL;
    s->oldest++;
}

/* Takes json. */
static void enter(struct platform *p, struct stream_event *event)
{
    struct stream *s = &p->stream;
    pthread_mutex_lock(&s->mutex);
    while (s->next > s->oldest && (s->next - s->oldest >= LIMIT_STREAM_EVENTS || s->bytes + event->len > LIMIT_STREAM_BYTES))
        drop_oldest(s);
    event->number = s->next++;
    s->ring[event->number % LIMIT_STREAM_EVENTS] = *event;
    s->bytes += event->len;
    void (*wake)(void *) = s->wake;
    void *context = s->wake_context;
    pthread_mutex_unlock(&s->mutex);
    atomic_fetch_add(&p->counts.published, 1);
    if (wake)
        wake(context);
}

static void keep(struct stream *s, const struct stream_event *event)
{
    if (s->n_held == s->held_size) {
        size_t bigger = s->held_size ? s->held_size * 2 : 64;
        struct stream_event *grown = realloc(s->held, bigger * sizeof *grown);
        if (!grown) {
            free(event->json);
            return;
        }
        s->held = grown;
        s->held_size = bigger;
    }
    s->held[s->n_held++] = *event;
}

static void send(struct platform *p, struct stream_event *event)
{
    if (event->to_others)
        relay_event(p, event);
    enter(p, event);
}

/* Takes json. */
static void put(struct platform *p, enum live_kind kind, enum audience audience, const char *carrier, char *json, size_t len, bool to_others)
{
    struct stream_event event = {.kind = kind, .audience = audience, .json = json, .len = len, .to_others = to_others};
    if (!json)
        return;
    snprintf(event.carrier, sizeof event.carrier, "%s", carrier);
    if (holding == p)
        keep(&p->stream, &event);
    else
        send(p, &event);
}

void stream_lost(struct platform *p)
{
    struct stream *s = &p->stream;
    pthread_mutex_lock(&s->mutex);
    while (s->next > s->oldest)
        drop_oldest(s);
    s->oldest = ++s->next;
    void (*wake)(void *) = s->wake;
    void *context = s->wake_context;
    pthread_mutex_unlock(&s->mutex);
    if (wake)
        wake(context);
}

static void put_json(struct platform *p, enum live_kind kind, enum audience audience, const char *carrier, json_t *body, bool to_others)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    put(p, kind, audience, carrier, text, text ? strlen(text) : 0, to_others);
    json_decref(body);
}

void stream_put(struct platform *p, enum live_kind kind, enum audience audience, const char *carrier, json_t *body)
{
    put_json(p, kind, audience, carrier, body, p->bus != NULL);
}

void stream_put_here(struct platform *p, enum live_kind kind, enum audience audience, const char *carrier, json_t *body)
{
    put_json(p, kind, audience, carrier, body, false);
}

void stream_put_text(struct platform *p, enum live_kind kind, enum audience audience, const char *carrier, char *json, size_t n)
{
    put(p, kind, audience, carrier, json, n, false);
}

void stream_put_told(struct platform *p, enum live_kind kind, enum audience audience, const char *carrier, const char *json, size_t n)
{
    char *copy = strndup(json, n);
    put(p, kind, audience, carrier, copy, copy ? strlen(copy) : 0, false);
}

void stream_hold(struct platform *p)
{
    holding = p;
}

void stream_release(struct platform *p, bool keep_them)
{
    struct stream *s = &p->stream;
    holding = NULL;
    for (size_t i = 0; i < s->n_held; i++)
        if (keep_them)
            send(p, &s->held[i]);
        else
            free(s->held[i].json);
    s->n_held = 0;
}

void platform_publish(struct platform *p, enum live_kind kind, const char *carrier, json_t *body)
{
    stream_put(p, kind, carrier[0] ? AUDIENCE_BOTH : AUDIENCE_OFFICERS, carrier, body);
}

static bool may_see(const struct stream_event *e, const char *carrier)
{
    if (!carrier)
        return e->audience != AUDIENCE_CARRIER;
    return e->audience != AUDIENCE_OFFICERS && strcmp(e->carrier, carrier) == 0;
}

size_t platform_live_read(struct platform *p, uint64_t *after, const char *carrier, char *to, size_t size, bool *lost)
{
    struct stream *s = &p->stream;
    size_t n = 0;
    pthread_mutex_lock(&s->mutex);
    *lost = *after + 1 < s->oldest || *after >= s->next;
    uint64_t number = *lost ? s->oldest : *after + 1;
    for (; number < s->next; number++) {
        const struct stream_event *e = &s->ring[number % LIMIT_STREAM_EVENTS];
        if (!may_see(e, carrier))
            continue;
        if (e->len + 80 > size - n)
            break;
        n += (size_t)snprintf(to + n, size - n, "id: %llu\nevent: %s\ndata: ", (unsigned long long)e->number, names[e->kind]);
        memcpy(to + n, e->json, e->len);
        n += e->len;
        to[n++] = '\n';
        to[n++] = '\n';
    }
    *after = number - 1;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

uint64_t platform_live_newest(struct platform *p)
{
    pthread_mutex_lock(&p->stream.mutex);
    uint64_t newest = p->stream.next - 1;
    pthread_mutex_unlock(&p->stream.mutex);
    return newest;
}

void platform_on_publish(struct platform *p, void (*wake)(void *context), void *context)
{
    pthread_mutex_lock(&p->stream.mutex);
    p->stream.wake = wake;
    p->stream.wake_context = context;
    pthread_mutex_unlock(&p->stream.mutex);
}
