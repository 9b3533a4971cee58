/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bus brings for the partitions that this node holds: parcels, gathered into one batch with the progress that they
 * mean. A parcel is applied once: its source's number must be the next one. One that was applied already is passed over; when
 * one is missing, what follows from that source is left and asked for again.
 *
 * A hurried parcel is applied before its turn, and its number remembered until the stream comes to it. That is in memory alone: whoever
 * takes the partition over meets its observations again, and the store knows them.
 *
 * How much is applied in one transaction is bounded by how long the last ones took: what is hurried waits for one at most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/platform_internal.h"

#define EVENTS_AT_ONCE    64
#define EARLY_PATIENCE_MS 1500
#define GATHER_MS         20 /* when parcels come fast */
#define GATHER_ROWS       8
#define PLACES_EVERY_MS   1000
#define AHEAD_MOST        4096 /* hurried parcels remembered of a source in a partition; others wait for the stream */
#define TURN_MS           100  /* rows of a transaction are as many as are applied in this time */
#define TURN_ROWS_LEAST   16
#define TURN_ROWS_MOST    (LIMIT_BATCH_ROWS / 2)

struct arriving {
    struct platform *platform;
    const struct bus_event *event;
    struct held_partition *held;
    struct source_seen *source;
    struct store_progress progress;
    bool gap;
    bool more; /* the rest is for the next transaction */
};

static void refuse(struct arriving *a, const struct sender_parcel *parcel)
{
    struct batch *b = a->platform->cluster.gathered;
    size_t kept = parcel->bytes.len < LIMIT_DAMAGE_BYTES ? parcel->bytes.len : LIMIT_DAMAGE_BYTES,
           at = batch_put_bytes(b, parcel->bytes.at, kept);
    struct batch_damage *d = at == SIZE_MAX ? NULL : batch_put_damage(b);
    a->platform->cluster.counts.refused++;
    log_say(LOG_ERROR, "cluster", "parcel %llu of %s in partition %u cannot be read: its %u observations are kept as a damaged message",
            (unsigned long long)parcel->number, a->progress.source, a->event->partition, parcel->rows);
    if (!d)
        return;
    *d = (struct batch_damage){.outcome = BULLA_DAMAGED, .received_ms = parcel->taken_ms, .raw_at = at, .raw_len = kept};
    snprintf(d->protocol, sizeof d->protocol, "parcel");
    snprintf(d->peer, sizeof d->peer, "%s", a->progress.source);
    snprintf(d->why, sizeof d->why, "parcel %llu of partition %u: expected one that can be read", (unsigned long long)parcel->number,
             a->event->partition);
}

static void unpack(struct arriving *a, const struct sender_parcel *parcel)
{
    struct cluster *c = &a->platform->cluster;
    struct batch *b = c->gathered;
    size_t notes = b->n_notes, rows = b->n_rows;
    if (!parcel_unpack(c->maker, parcel->bytes, b))
        refuse(a, parcel);
    for (size_t i = notes; i < b->n_notes; i++)
        b->notes[i].via = cluster_via(a->progress.source);
    for (size_t i = rows; i < b->n_rows; i++)
        b->rows[i].news = a->event->hurried;
    a->progress.rows += parcel->rows;
    a->progress.taken_ms = a->progress.taken_ms ? a->progress.taken_ms : parcel->taken_ms;
    c->counts.parcels++;
}

/* Where a number stands among those applied before their turn; n_ahead: nowhere. They come in order, mostly. */
static size_t find_ahead(const struct source_seen *s, uint64_t number)
{
    size_t i = 0;
    while (i < s->n_ahead && s->ahead[i] != number)
        i++;
    return i;
}

static bool was_ahead(struct source_seen *s, uint64_t number)
{
    size_t i = find_ahead(s, number);
    if (i == s->n_ahead)
        return false;
    memmove(s->ahead + i, s->ahead + i + 1, (--s->n_ahead - i) * sizeof *s->ahead);
    return true;
}

static bool keep_ahead(struct source_seen *s, uint64_t number)
{
    if (s->n_ahead == AHEAD_MOST)
        return false;
    if (s->n_ahead == s->ahead_size) {
        size_t bigger = s->ahead_size ? s->ahead_size * 2 : 16;
        uint64_t *grown = realloc(s->ahead, bigger * sizeof *grown);
        if (!grown)
            return false;
        s->ahead = grown;
        s->ahead_size = bigger;
    }
    s->ahead[s->n_ahead++] = number;
    return true;
}

static size_t rows_most(const struct cluster *c)
{
    return c->rows_most ? c->rows_most : TURN_ROWS_MOST;
}

/* With news in it a transaction takes a quarter of what it could, so that they are known soon and the rest goes on. */
static bool is_full(const struct cluster *c)
{
    return c->gathered->n_rows >= rows_most(c) / (c->hurries ? 4 : 1) || c->gathered->n_bytes >= LIMIT_BATCH_BYTES / 2;
}

static void arrive(void *context, const struct sender_parcel *parcel)
{
    struct arriving *a = context;
    struct cluster *c = &a->platform->cluster;
    if (a->more || parcel->number <= a->source->number) {
        c->counts.repeated += !a->more && !a->event->again;
        return;
    }
    if (is_full(c) && !a->event->hurried) {
        a->more = true;
        return;
    }
    if (parcel->number != a->source->number + 1) {
        a->gap = true;
        return;
    }
    if (was_ahead(a->source, parcel->number))
        c->counts.repeated++;
    else
        unpack(a, parcel);
    a->source->number = parcel->number;
    a->source->missed_ms = 0;
    a->progress.number = parcel->number;
}

/* The next one in any case is applied as if the stream had brought it. */
static void arrive_hurried(void *context, const struct sender_parcel *parcel)
{
    struct arriving *a = context;
    struct source_seen *s = a->source;
    if (parcel->number <= s->number + 1) {
        arrive(a, parcel);
        return;
    }
    if (find_ahead(s, parcel->number) < s->n_ahead || !keep_ahead(s, parcel->number)) {
        a->platform->cluster.counts.repeated++;
        return;
    }
    unpack(a, parcel);
    a->progress.number = parcel->number;
    a->progress.hurried = true;
    a->platform->cluster.counts.hurried++;
}

static bool keep_progress(struct cluster *c, const struct store_progress *progress)
{
    if (c->n_progress == c->progress_size) {
        size_t bigger = c->progress_size ? c->progress_size * 2 : 64;
        struct store_progress *grown = realloc(c->progress, bigger * sizeof *grown);
        if (!grown)
            return false;
        c->progress = grown;
        c->progress_size = bigger;
    }
    c->progress[c->n_progress++] = *progress;
    return true;
}

static void name_source(void *context, const struct sender_parcel *parcel)
{
    (void)context;
    (void)parcel;
}

/* What came before an early copy is on its way with the stream, unless that has no leader: then it is asked for. */
static void miss(struct platform *p, struct arriving *a, bool early)
{
    int64_t now_ms = clock_now(&p->clock);
    if (early && !a->source->missed_ms)
        a->source->missed_ms = now_ms;
    if (early && !clock_due(a->source->missed_ms + EARLY_PATIENCE_MS, now_ms, EARLY_PATIENCE_MS))
        return;
    a->source->missed_ms = now_ms;
    p->cluster.counts.gaps++;
    relay_again(p, a->source->source, a->event->partition);
}

static void take_parcel(struct platform *p, const struct bus_event *event)
{
    struct cluster *c = &p->cluster;
    struct held_partition *h = &c->held[event->partition < c->partitions ? event->partition : 0];
    struct sender_message message;
    bool early = event->place == 0;
    if (event->partition >= c->partitions || !h->held || !h->followed || (!early && event->place <= h->taken))
        return;
    if (!sender_read(event->bytes, &message, name_source, NULL)) {
        c->counts.refused++;
        log_say(LOG_ERROR, "cluster", "a message in the stream of partition %u is not ours: passed over", event->partition);
        h->taken = early ? h->taken : event->place;
        return;
    }
    struct arriving a = {.platform = p, .event = event, .held = h, .source = cluster_source(h, message.source)};
    a.progress = (struct store_progress){.partition = event->partition,
                                         .place = early ? h->taken : event->place,
                                         .published_ms = message.published_ms,
                                         .applied_ms = clock_now(&p->clock)};
    snprintf(a.progress.source, sizeof a.progress.source, "%s", message.source);
    snprintf(a.progress.node, sizeof a.progress.node, "%s", c->self.name);
    if (!a.source)
        return;
    c->hurries |= event->hurried;
    sender_read(event->bytes, &message, event->hurried ? arrive_hurried : arrive, &a);
    if (a.more)
        bus_again(p->bus);
    a.progress.place = a.more ? h->taken : a.progress.place;
    h->taken = early || a.more ? h->taken : event->place;
    if (a.gap)
        miss(p, &a, early);
    if (a.progress.number && !keep_progress(c, &a.progress))
        p->stale = true; /* out of memory: taken again from the store's place */
}

static void take_event(void *context, const struct bus_event *event)
{
    struct platform *p = context;
    struct mail mail = {.kind = MAIL_EVENT, .event = *event};
    switch (event->kind) {
    case BUS_PARCEL:
        if (!p->stale)
            take_parcel(p, event);
        break;
    case BUS_NOTICE:
        relay_notice(p, event);
        break;
    case BUS_LINK:
        log_say(event->up ? LOG_INFO : LOG_WARN, "bus", "%s", event->up ? "the broker is reached" : event->why);
        atomic_store(&p->link_down, !event->up);
        if (event->up) {
            relay_hello(p);
            stream_lost(p);
        }
        /* fall through */
    case BUS_SENT:
    case BUS_UNSENT:
        mail.event.bytes = (struct bulla_bytes){NULL, 0};
        ingest_mail(p, &mail);
        break;
    }
}

static void sleep_until_woken(struct platform *p, unsigned wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)wait_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&p->wake_mutex);
    while (!p->woken && pthread_cond_timedwait(&p->wake, &p->wake_mutex, &until) == 0)
        ;
    p->woken = false;
    pthread_mutex_unlock(&p->wake_mutex);
}

static bool has_something(const struct cluster *c)
{
    return c->n_progress || !batch_empty(c->gathered);
}

/* What came early and was applied is passed over when the stream brings it: the place goes on all the same, now and then. */
static void note_places(struct platform *p)
{
    struct cluster *c = &p->cluster;
    int64_t now_ms = clock_now(&p->clock);
    if (!clock_due(c->places_due_ms, now_ms, PLACES_EVERY_MS))
        return;
    c->places_due_ms = now_ms + PLACES_EVERY_MS;
    for (unsigned i = 0; i < c->partitions; i++) {
        struct held_partition *h = &c->held[i];
        uint64_t noted = h->place;
        for (size_t k = 0; k < c->n_progress; k++)
            if (c->progress[k].partition == i && !c->progress[k].hurried && c->progress[k].place > noted)
                noted = c->progress[k].place;
        if (h->held && h->taken > noted)
            keep_progress(c, &(struct store_progress){.partition = i, .place = h->taken});
    }
}

/* Takes events until a transaction's rows are there, or none waits. */
static void gather(struct platform *p)
{
    struct cluster *c = &p->cluster;
    while (!is_full(c) && bus_take(p->bus, 0, EVENTS_AT_ONCE, take_event, p) > 0)
        ;
}

/* What a row costs is the least of the last transactions: each has a part that does not grow with its rows, and one that waited for a
 * disk says nothing of them. */
void cluster_took(struct platform *p, size_t rows, int64_t ms)
{
    struct cluster *c = &p->cluster;
    double least = 0;
    c->row_ms[c->n_took++ % TURNS_SEEN] = (double)ms / (double)rows;
    for (unsigned i = 0; i < TURNS_SEEN && i < c->n_took; i++)
        least = i == 0 || c->row_ms[i] < least ? c->row_ms[i] : least;
    c->rows_most = least * TURN_ROWS_MOST < TURN_MS ? TURN_ROWS_MOST : (size_t)(TURN_MS / least);
    c->rows_most = c->rows_most < TURN_ROWS_LEAST ? TURN_ROWS_LEAST : c->rows_most;
}

struct batch *cluster_gather(struct platform *p, unsigned wait_ms)
{
    struct cluster *c = &p->cluster;
    batch_clear(c->gathered);
    c->n_progress = 0;
    c->hurries = false;
    for (bool waited = wait_ms == 0;; waited = true) {
        gather(p);
        if (has_something(c) || waited)
            break;
        sleep_until_woken(p, wait_ms);
    }
    if (c->busy && wait_ms > 0) { /* a transaction costs as much for one parcel as for a hundred */
        nanosleep(&(struct timespec){0, GATHER_MS * 1000000L}, NULL);
        gather(p);
    }
    c->busy = c->gathered->n_rows > GATHER_ROWS;
    note_places(p);
    return has_something(c) ? c->gathered : NULL;
}

/* While nothing can be applied, the sender still hears of its acknowledgements. Parcels are given again later: what memory knows
 * of how far it has taken them is not to be relied on after this. */
void cluster_serve(struct platform *p)
{
    p->stale = true;
    batch_clear(p->cluster.gathered);
    p->cluster.n_progress = 0;
    while (bus_take(p->bus, 0, EVENTS_AT_ONCE, take_event, p) > 0)
        ;
}

void cluster_applied(struct platform *p)
{
    struct cluster *c = &p->cluster;
    for (size_t i = 0; i < c->n_progress; i++) {
        const struct store_progress *done = &c->progress[i];
        struct held_partition *h = &c->held[done->partition];
        if (done->hurried)
            continue;
        h->place = done->place > h->place ? done->place : h->place;
        if (strcmp(done->source, c->self.source) != 0)
            continue;
        ingest_mail(p, &(struct mail){.kind = MAIL_APPLIED, .partition = done->partition, .number = done->number});
    }
    c->n_progress = 0;
    batch_clear(c->gathered);
}
