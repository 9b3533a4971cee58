/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/live.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/out/access.h"
#include "platform/out/routes.h"
#include "platform/out/server.h"

struct stream {
    struct stream *next, *before;
    struct out_live *live;
    struct MHD_Connection *connection;
    struct session session;
    char carrier[MODEL_ID_SIZE];
    bool officer, suspended, greeted;
    uint64_t after; /* number of the last event taken from the ring */
    int64_t beat_ms;
    char *held; /* an event larger than the library's buffer */
    size_t held_at, held_len;
};

struct out_live {
    struct out *out;
    pthread_mutex_t lock; /* the list, and who is suspended */
    pthread_t thread;
    bool running;
    atomic_bool ending;
    int wake;
    struct stream *first;
    size_t n;
};

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- waking --- */

/* Called by whoever publishes, perhaps under the platform's locks: takes none of ours. */
static void published(void *context)
{
    struct out_live *l = context;
    uint64_t one = 1;
    ssize_t written = write(l->wake, &one, sizeof one);
    (void)written; /* full: the thread is awake anyway */
}

static void resume(struct out_live *l, bool all, int64_t now_ms)
{
    uint64_t newest = all ? UINT64_MAX : platform_live_newest(l->out->platform);
    pthread_mutex_lock(&l->lock);
    for (struct stream *s = l->first; s; s = s->next)
        if (s->suspended && (s->after < newest || now_ms >= s->beat_ms)) {
            s->suspended = false;
            MHD_resume_connection(s->connection);
        }
    pthread_mutex_unlock(&l->lock);
}

static void *wake(void *arg)
{
    struct out_live *l = arg;
    while (!atomic_load(&l->ending)) {
        struct pollfd wait = {.fd = l->wake, .events = POLLIN};
        uint64_t count;
        if (poll(&wait, 1, 1000) > 0 && read(l->wake, &count, sizeof count) == sizeof count)
            poll(NULL, 0, OUT_STREAM_GATHER_MS); /* a burst wakes a thousand streams once, not a thousand times */
        resume(l, false, clock_ms());
    }
    return NULL;
}

struct out_live *out_live_new(struct out *out)
{
    struct out_live *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->out = out;
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&l->lock, NULL);
    l->running = l->wake >= 0 && pthread_create(&l->thread, NULL, wake, l) == 0;
    if (!l->running) {
        out_live_free(l);
        return NULL;
    }
    platform_on_publish(out->platform, published, l);
    return l;
}

void out_live_end(struct out_live *l)
{
    if (l->running)
        platform_on_publish(l->out->platform, NULL, NULL);
    atomic_store(&l->ending, true);
    if (l->running) {
        published(l);
        pthread_join(l->thread, NULL);
        l->running = false;
    }
    resume(l, true, INT64_MAX);
}

void out_live_free(struct out_live *l)
{
    if (!l)
        return;
    if (l->running)
        out_live_end(l);
    if (l->wake >= 0)
        close(l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

size_t out_live_streams(struct out_live *l)
{
    pthread_mutex_lock(&l->lock);
    size_t n = l->n;
    pthread_mutex_unlock(&l->lock);
    return n;
}

/* --- one stream --- */

static ssize_t give_held(struct stream *s, char *to, size_t max)
{
    size_t n = s->held_len - s->held_at < max ? s->held_len - s->held_at : max;
    memcpy(to, s->held + s->held_at, n);
    s->held_at += n;
    if (s->held_at == s->held_len) {
        free(s->held);
        s->held = NULL;
    }
    return (ssize_t)n;
}

/* The next event does not fit into the library's buffer: takes it into one of its own. */
static bool hold(struct stream *s)
{
    for (size_t room = 8 * OUT_STREAM_BLOCK; room <= OUT_STREAM_EVENT_MAX; room *= 4) {
        bool lost = false;
        s->held = malloc(room);
        s->held_at = 0;
        if (!s->held)
            return false;
        s->held_len = platform_live_read(s->live->out->platform, &s->after, s->officer ? NULL : s->carrier, s->held, room, &lost);
        if (s->held_len > 0) {
            char *fitted = realloc(s->held, s->held_len);
            s->held = fitted ? fitted : s->held;
            return true;
        }
        free(s->held);
        s->held = NULL;
        if (lost || s->after >= platform_live_newest(s->live->out->platform))
            return false;
    }
    s->after++; /* larger than any event may be: passed over */
    return false;
}

static ssize_t give_reset(struct stream *s, char *to, size_t max)
{
    s->after = platform_live_newest(s->live->out->platform);
    int n = snprintf(to, max, "id: %" PRIu64 "\nevent: reset\ndata: {}\n\n", s->after);
    return n > 0 && (size_t)n < max ? n : 0;
}

static ssize_t give_beat(struct stream *s, char *to)
{
    struct out *out = s->live->out;
    s->beat_ms = clock_ms() + OUT_STREAM_BEAT_MS;
    if (!out_access_still(out, &s->session, platform_now(out->platform)))
        return MHD_CONTENT_READER_END_OF_STREAM;
    memcpy(to, ":\n\n", 3);
    return 3;
}

/* Sleeps unless something came meanwhile. A publish after the look at the ring finds `suspended` set. */
static void suspend(struct stream *s)
{
    struct out_live *l = s->live;
    pthread_mutex_lock(&l->lock);
    if (!atomic_load(&l->ending) && platform_live_newest(l->out->platform) <= s->after) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
    }
    pthread_mutex_unlock(&l->lock);
}

/* The library asks for what to send next; 0 after a suspend. */
static ssize_t read_stream(void *context, uint64_t position, char *to, size_t max)
{
    struct stream *s = context;
    struct platform *platform = s->live->out->platform;
    (void)position;
    if (atomic_load(&s->live->ending))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (s->held)
        return give_held(s, to, max);
    if (!s->greeted) {
        s->greeted = true;
        return snprintf(to, max, "retry: %d\n\n", OUT_STREAM_RETRY_MS);
    }
    bool lost = s->after > platform_live_newest(platform); /* a number of an earlier life of the platform */
    size_t n = lost ? 0 : platform_live_read(platform, &s->after, s->officer ? NULL : s->carrier, to, max, &lost);
    if (lost)
        return give_reset(s, to, max);
    if (n > 0)
        return (ssize_t)n;
    if (s->after < platform_live_newest(platform) && hold(s))
        return give_held(s, to, max);
    if (clock_ms() >= s->beat_ms)
        return give_beat(s, to);
    suspend(s);
    return 0;
}

static void free_stream(void *context)
{
    struct stream *s = context;
    struct out_live *l = s->live;
    pthread_mutex_lock(&l->lock);
    if (s->before)
        s->before->next = s->next;
    else
        l->first = s->next;
    if (s->next)
        s->next->before = s->before;
    l->n--;
    pthread_mutex_unlock(&l->lock);
    free(s->held);
    free(s);
}

/* False when there are too many streams. */
static bool enter(struct out_live *l, struct stream *s)
{
    size_t same = 0;
    pthread_mutex_lock(&l->lock);
    for (struct stream *other = l->first; other && !s->officer; other = other->next)
        same += strcmp(other->session.user, s->session.user) == 0;
    bool room = l->n < OUT_STREAMS_MAX && (s->officer || same < OUT_STREAMS_CARRIER_MAX) && !atomic_load(&l->ending);
    if (room) {
        s->next = l->first;
        if (s->next)
            s->next->before = s;
        l->first = s;
        l->n++;
    }
    pthread_mutex_unlock(&l->lock);
    return room;
}

/* Where to begin: behind the last event the client has seen, or at what comes next. */
static bool find_start(struct out_request *r, uint64_t *after)
{
    const char *header = out_request_header(r, "Last-Event-ID");
    uint64_t newest = platform_live_newest(r->out->platform);
    int64_t last = 0;
    if (!header && !out_request_param(r, "last")) {
        *after = newest;
        return true;
    }
    if (header) {
        char *end = NULL;
        unsigned long long number = strtoull(header, &end, 10);
        if (!out_body_wants(r, *header >= '0' && *header <= '9' && !*end, "Last-Event-ID", "the number of an event", header))
            return false;
        *after = number;
    } else if (out_param_number(r, "last", 0, INT64_MAX, 0, &last)) {
        *after = (uint64_t)last;
    } else {
        return false;
    }
    return true;
}

void out_live_open(struct out_request *r)
{
    uint64_t after = 0;
    if (!find_start(r, &after))
        return;
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return;
    *s = (struct stream){.live = r->out->live,
                         .connection = r->connection,
                         .session = r->session,
                         .after = after,
                         .officer = !out_access_is_carrier(r),
                         .beat_ms = clock_ms() + OUT_STREAM_BEAT_MS};
    memcpy(s->carrier, r->user.party, sizeof s->carrier);
    if (!enter(r->out->live, s)) {
        free(s);
        out_problem_wait(r, "Too many live streams", OUT_STREAM_BEAT_MS);
        return;
    }
    r->answer = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, OUT_STREAM_BLOCK, read_stream, s, free_stream);
    if (!r->answer) {
        free_stream(s);
        return;
    }
    r->status = 200;
    out_answer_header(r, "Content-Type", "text/event-stream");
    out_answer_header(r, "Cache-Control", "no-store");
    out_answer_header(r, "X-Accel-Buffering", "no");
}

bool out_live_is_stream(const struct out_request *r)
{
    return r->route && r->route->handler == out_live_open && r->status == 200;
}
