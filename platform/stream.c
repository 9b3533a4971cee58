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

bool stream_init(struct stream *s)
{
    pthread_mutex_init(&s->mutex, NULL);
    s->ring = calloc(LIMIT_STREAM_EVENTS, sizeof *s->ring);
    s->next = s->oldest = 1;
    return s->ring != NULL;
}

void stream_clear(struct stream *s)
{
    for (size_t i = 0; s->ring && i < LIMIT_STREAM_EVENTS; i++)
        free(s->ring[i].json);
    free(s->ring);
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

void stream_put(struct platform *p, enum live_kind kind, enum audience audience, const char *carrier, json_t *body)
{
    struct stream *s = &p->stream;
    char *json = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (!json)
        return;
    size_t len = strlen(json);
    pthread_mutex_lock(&s->mutex);
    while (s->next > s->oldest && (s->next - s->oldest >= LIMIT_STREAM_EVENTS || s->bytes + len > LIMIT_STREAM_BYTES))
        drop_oldest(s);
    struct stream_event *e = &s->ring[s->next % LIMIT_STREAM_EVENTS];
    *e = (struct stream_event){.number = s->next++, .kind = kind, .audience = audience, .json = json, .len = len};
    snprintf(e->carrier, sizeof e->carrier, "%s", carrier);
    s->bytes += len;
    void (*wake)(void *) = s->wake;
    void *context = s->wake_context;
    pthread_mutex_unlock(&s->mutex);
    atomic_fetch_add(&p->counts.published, 1);
    if (wake)
        wake(context);
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
